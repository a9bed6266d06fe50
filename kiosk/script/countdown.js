// SPDX-License-Identifier: EUPL-1.2
//
// Shows the time that is left, in seconds or as minutes and seconds, and goes on when it is over.

for (const shown of document.querySelectorAll('[data-countdown]')) {
    if (!(shown instanceof HTMLElement))
        continue;
    const { countdown, countdownText = '{count}', countdownTo = '/visit/timeout', countdownAs } = shown.dataset;
    const end = performance.now() + Number(countdown) * 1000;
    shown.hidden = false; // without script a number that stands still says nothing
    const tick = () => {
        const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
        const count = countdownAs === 'minutes' ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}` : String(left);
        shown.textContent = countdownText.replace('{count}', count);
        if (left > 0)
            setTimeout(tick, 250);
        else
            location.assign(countdownTo);
    };
    tick();
}
