// SPDX-License-Identifier: EUPL-1.2
//
// One press, one action: a second press on the same form within 800 ms, or while the answer comes, is ignored.

const pause = 800;
/** @type {WeakMap<HTMLFormElement, number>} */
const sent = new WeakMap();

document.addEventListener('submit', (event) => {
    if (!(event.target instanceof HTMLFormElement) || event.defaultPrevented)
        return;
    const last = sent.get(event.target);
    if (last !== undefined && event.timeStamp - last < pause) {
        event.preventDefault();
        return;
    }
    sent.set(event.target, event.timeStamp);
});

document.addEventListener('contextmenu', (event) => {
    if (document.documentElement.dataset.surface === 'kiosk')
        event.preventDefault();
});

// A page that comes back from the browser's memory may show somebody else's visit: ask the node.
window.addEventListener('pageshow', (event) => {
    if (event.persisted)
        location.reload();
});
