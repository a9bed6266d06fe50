// SPDX-License-Identifier: EUPL-1.2
//
// The clock in the header goes on from the time the node gave, whatever this screen's own clock says.

const shown = document.querySelector('[data-clock]');
if (shown instanceof HTMLElement && shown.dataset.clock && shown.dataset.time) {
    const given = Number(shown.dataset.clock);
    const [hour, minute] = shown.dataset.time.split(':').map(Number);
    const text = shown.textContent ?? '';
    const told = shown.dataset.time;
    const start = performance.now();
    const tick = () => {
        const passed = Math.floor((given % 60000 + performance.now() - start) / 60000);
        const now = (hour * 60 + minute + passed) % (24 * 60);
        const digits = [Math.floor(now / 60), now % 60].map((part) => String(part).padStart(2, '0')).join(':');
        shown.textContent = text.replace(told, digits);
        setTimeout(tick, 1000);
    };
    tick();
}
