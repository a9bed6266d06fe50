// SPDX-License-Identifier: EUPL-1.2
//
// How long somebody is at the desk, by the second, from what the node has said.

let begin = performance.now();

function show() {
    for (const time of document.querySelectorAll('[data-timer]')) {
        if (!(time instanceof HTMLElement))
            continue;
        const seconds = Number(time.dataset.timer) + Math.floor((performance.now() - begin) / 1000);
        time.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`;
    }
}
show();
setInterval(show, 1000);
document.addEventListener('exchanged', () => {
    begin = performance.now();
    show();
});
