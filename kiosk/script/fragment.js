// SPDX-License-Identifier: EUPL-1.2
//
// Pages that follow the hall: each event has the newest state and its number. Where this page shows an older one, it draws what the event brings (board.js),
// or its marked parts are fetched and exchanged.
// Whoever types or chooses there is not disturbed: that part follows when the focus has left it.

/** Of the page itself: what a press has answered may stand at the press's own address. */
const address = document.body.dataset.at ?? location.pathname;
const again = 2000;
const minute = 60_000;
let shown = Number(document.body.dataset.sequence);
let wanted = shown;
let fetching = false;

/** Somebody is at work in it with something to lose. @param {Element} part */
function isBusy(part) {
    const focused = document.activeElement;
    return focused !== null && part.contains(focused) && focused.matches('select, input:not([type="hidden"]), textarea');
}

/** @param {Document} fresh */
function exchange(fresh) {
    for (const part of document.querySelectorAll('[data-fragment]')) {
        const other = fresh.getElementById(part.id);
        if (!other || other.isEqualNode(part) || isBusy(part)) // what is the same is not drawn again
            continue;
        const focused = document.activeElement;
        const key = focused instanceof HTMLElement && part.contains(focused) ? focused.dataset.key ?? '' : '';
        part.replaceChildren(...other.childNodes);
        if (key)
            /** @type {HTMLElement | null} */ (part.querySelector(`[data-key="${CSS.escape(key)}"]`))?.focus();
    }
}

/** @param {number} sequence */
function shows(sequence) {
    shown = sequence;
    document.body.dataset.sequence = String(sequence);
    document.dispatchEvent(new CustomEvent('exchanged'));
}

function follow() {
    if (wanted > shown)
        renew();
}

function renew() {
    if (fetching)
        return;
    fetching = true;
    const before = shown; // an event may draw a newer state meanwhile: that is no reason to load the page anew
    const request = new XMLHttpRequest(); // parses a document without a string of markup in between
    request.open('GET', address);
    request.responseType = 'document';
    request.addEventListener('load', () => {
        fetching = false;
        const sequence = Number(request.responseXML?.body.dataset.sequence);
        if (!request.responseXML || !(sequence >= before)) {
            location.replace(address); // signed out, or another page by now
            return;
        }
        if (sequence >= shown) {
            exchange(request.responseXML);
            shows(sequence);
        }
        follow();
    });
    request.addEventListener('error', () => {
        fetching = false;
        setTimeout(renew, again);
    });
    request.send();
}

/** @type {EventSource | undefined} */
let events;

function listen() {
    events = new EventSource(/** @type {string} */ (document.body.dataset.follows));
    events.addEventListener('message', (event) => {
        const state = JSON.parse(event.data);
        if (state.sequence < shown)
            location.replace(address); // the database was put back: its numbers begin lower
        wanted = state.sequence;
        if (wanted > shown && !document.dispatchEvent(new CustomEvent('state', { detail: state, cancelable: true })))
            shows(wanted);
        follow();
    });
    events.addEventListener('error', () => {
        events?.close();
        setTimeout(listen, again);
    });
}
window.addEventListener('pagehide', () => events?.close());
listen();
setInterval(renew, minute); // minutes pass and estimates age without an event
