// SPDX-License-Identifier: EUPL-1.2
//
// Counts the time without touch or key; then the page asks whether somebody is still there. Who types is there.
import { stayLonger } from './stay.js';

const idle = Number(document.body.dataset.idle) * 1000;
if (idle > 0) {
    let last = performance.now();
    let told = last;
    const touched = () => {
        last = performance.now();
    };
    for (const kind of ['pointerdown', 'keydown', 'input'])
        document.addEventListener(kind, touched, { passive: true });
    const watch = () => {
        const now = performance.now();
        if (now - last >= idle) {
            location.assign('/visit/still-there');
            return;
        }
        // Typing takes longer than the node waits: it hears of it twice within its patience.
        if (last > told && now - told >= idle / 2) {
            told = now;
            stayLonger().catch(() => {});
        }
        setTimeout(watch, 1000);
    };
    setTimeout(watch, 1000);
}
