// SPDX-License-Identifier: EUPL-1.2
//
// A page that waits for an answer is asked for again until it has one.

setTimeout(() => location.replace(location.pathname), Number(document.body.dataset.again) * 1000);
