// SPDX-License-Identifier: EUPL-1.2
//
// One key for one button: the letter that stands on it. Not while somebody types, not with other keys held.

document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.defaultPrevented)
        return;
    if (event.target instanceof Element && event.target.matches('input, select, textarea'))
        return;
    const button = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (button instanceof HTMLButtonElement && !button.disabled) {
        event.preventDefault();
        button.click();
    }
});
