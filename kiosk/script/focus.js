// SPDX-License-Identifier: EUPL-1.2
//
// Puts the focus on what has to be read first: an error list, or the answer to a call for help.

const first = document.querySelector('[data-focus]');
if (first instanceof HTMLElement)
    first.focus();
