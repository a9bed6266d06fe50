// SPDX-License-Identifier: EUPL-1.2
//
// Two tones for a new call. Every call that sounds is also written (EN 301 549 5.1.5).

const tones = [784, 587];
const each = 0.45;
let told = document.querySelector('[data-call]')?.getAttribute('data-call') ?? '';
/** @type {AudioContext | undefined} */
let audio;

function sound() {
    audio ??= new AudioContext();
    tones.forEach((frequency, at) => {
        const context = /** @type {AudioContext} */ (audio);
        const from = context.currentTime + at * each;
        const tone = context.createOscillator();
        const volume = context.createGain();
        tone.frequency.value = frequency;
        volume.gain.setValueAtTime(0.5, from);
        volume.gain.exponentialRampToValueAtTime(0.001, from + 2 * each);
        tone.connect(volume).connect(context.destination);
        tone.start(from);
        tone.stop(from + 2 * each);
    });
}

document.addEventListener('exchanged', () => {
    const call = document.querySelector('[data-call]')?.getAttribute('data-call') ?? '';
    if (call && call !== told)
        sound();
    told = call;
});
