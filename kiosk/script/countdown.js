// SPDX-License-Identifier: EUPL-1.2
//
// Shows the seconds that are left, and goes on when they are over.

for (const shown of document.querySelectorAll('[data-countdown]')) {
    if (!(shown instanceof HTMLElement))
        continue;
    const { countdown, countdownText = '{count}', countdownTo = '/visit/timeout' } = shown.dataset;
    const end = performance.now() + Number(countdown) * 1000;
    shown.hidden = false; // without script a number that stands still says nothing
    const tick = () => {
        const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
        shown.textContent = countdownText.replace('{count}', String(left));
        if (left > 0)
            setTimeout(tick, 250);
        else
            location.assign(countdownTo);
    };
    tick();
}
