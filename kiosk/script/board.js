// SPDX-License-Identifier: EUPL-1.2
//
// The call board draws the state that an event brings: sixteen boards that fetch a page at once keep each other waiting. It fetches once a minute, as estimates age.

/** @typedef {{ call: string, spoken: string, number: string, desk: string, way: string, wayLine: string, waits: boolean }} Call */

const blank = /** @type {HTMLTemplateElement} */ (document.getElementById('call'));

/** As call.mustache makes it. @param {Call} call @param {number} place */
function rowOf(call, place) {
    const row = /** @type {HTMLElement} */ (/** @type {Element} */ (blank.content.firstElementChild).cloneNode(true));
    const direction = /** @type {HTMLElement} */ (row.querySelector('.direction'));
    row.dataset.call = call.call;
    row.dataset.spoken = call.spoken;
    row.className = `${place === 0 ? 'newest' : ''}${call.waits ? ' waits' : ''}`;
    /** @type {HTMLElement} */ (row.querySelector('th')).textContent = call.number;
    /** @type {HTMLElement} */ (row.querySelector('td span')).textContent = call.desk;
    direction.className = `direction direction--${call.way}`;
    direction.setAttribute('aria-label', call.wayLine);
    if (call.way)
        direction.removeAttribute('hidden'); // the blank one has no way
    return row;
}

/** Only where it says something else. @param {Element} element @param {string} text */
function say(element, text) {
    if (element.textContent !== text)
        element.textContent = text;
}

document.addEventListener('state', (event) => {
    /** @type {{ calls: Call[], lines: Record<string, string> }} */
    const { calls, lines } = /** @type {CustomEvent} */ (event).detail;
    const list = /** @type {Element} */ (document.querySelector('.board-calls tbody'));
    const rows = calls.map(rowOf);
    if (rows.length !== list.children.length || rows.some((row, place) => !row.isEqualNode(list.children[place])))
        list.replaceChildren(...rows);
    /** @type {HTMLElement} */ (document.querySelector('.board-calls')).hidden = calls.length === 0;
    /** @type {HTMLElement} */ (document.querySelector('.board-empty')).hidden = calls.length > 0;
    for (const element of document.querySelectorAll('[data-line]'))
        say(element, lines[element.getAttribute('data-line') ?? '']);
    event.preventDefault(); // shown; nothing is fetched
});
