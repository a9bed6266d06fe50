// SPDX-License-Identifier: EUPL-1.2
//
// Two tones and a voice for each new call, one call after the other. Every call that sounds is also written (EN 301 549 5.1.5).

const tones = [784, 587];
const each = 0.45;
const languages = ['de', 'en'];
/** No call is longer; whatever hangs must not keep the next one silent. */
const longest = 15_000;
/** The eye first: a context of sound takes a processor for a moment, and all boards of a hall begin at once. */
const later = 300;
/** @type {AudioContext | undefined} */
let audio;

/** What the board shows, the oldest first: which call it is, and where it is said. */
function calls() {
    return [...document.querySelectorAll('[data-call]')].reverse().map((row) => ({
        call: row.getAttribute('data-call') ?? '', spoken: row.getAttribute('data-spoken') ?? '', waits: row.classList.contains('waits'),
    }));
}

let told = new Set(calls().map(({ call }) => call));

/** @param {AudioContext} context */
function gong(context) {
    tones.forEach((frequency, at) => {
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
    return pause(tones.length * each * 1000 + 300);
}

/** @param {number} milliseconds */
function pause(milliseconds) {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Silence is no failure: the call is written. @param {string} address */
function say(address) {
    return new Promise((resolve) => {
        const voice = new Audio(address);
        voice.addEventListener('ended', resolve);
        voice.addEventListener('error', resolve);
        setTimeout(resolve, longest);
        voice.play().catch(resolve);
    });
}

/** @param {string} spoken */
async function sound(spoken) {
    await pause(later);
    audio ??= new AudioContext();
    void audio.resume(); // not before somebody touched the page, where the browser wants that: the voice goes on
    await gong(audio);
    await audio.suspend(); // it would go on and reckon silence
    for (const language of spoken ? languages : [])
        await say(`${spoken}/${language}`);
}

/** Calls wait for each other. */
let line = Promise.resolve();
document.addEventListener('exchanged', () => {
    const shown = calls();
    for (const { call, spoken, waits } of shown) {
        if (waits && !told.has(call))
            line = line.then(() => sound(spoken));
    }
    told = new Set(shown.map(({ call }) => call));
});
