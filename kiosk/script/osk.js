// SPDX-License-Identifier: EUPL-1.2
//
// On-screen keyboard for text fields: German QWERTZ, and a page of further letters (DIN 91379). Comes with a touch into a
// field, so that whoever has a real keyboard never meets it. What is typed goes into the field and nowhere else.

const plain = ['1234567890ß', 'qwertzuiopü', 'asdfghjklöä', 'yxcvbnm,.-’'];
const further = ['áàâãåāăąæćčç', 'ďđéèêëěėęēğģ', 'íìîïīįıķłľĺļ', 'ńňñņóòôõøőōœ', 'ŕřśšşșťțúùûů', 'űūųýÿźžżðþǆ/'];
const numbers = ['123', '456', '789', '0'];

const board = document.querySelector('[data-osk]');
/** @type {HTMLInputElement | null} */
let field = null;
let capital = false;
let more = false;

/** @param {string} label @param {string} kind @param {() => void} press @param {string} [spoken] */
function key(label, kind, press, spoken) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = `kern-btn kern-btn--secondary osk__key ${kind}`;
    const text = document.createElement('span');
    text.className = 'kern-label';
    text.textContent = label;
    if (spoken)
        button.setAttribute('aria-label', spoken);
    button.append(text);
    button.addEventListener('click', press);
    return button;
}

/** @param {string} text */
function type(text) {
    if (!field)
        return;
    const begin = field.selectionStart ?? field.value.length;
    const end = field.selectionEnd ?? begin;
    if (field.value.length - (end - begin) + text.length > field.maxLength && field.maxLength > 0)
        return;
    field.setRangeText(text, begin, end, 'end');
    field.dispatchEvent(new Event('input', { bubbles: true }));
    if (capital && wantsCapitalOnce()) {
        capital = false;
        draw();
    }
}

function wipe() {
    if (!field)
        return;
    const end = field.selectionEnd ?? field.value.length;
    const start = field.selectionStart ?? end;
    const whole = [...field.value.slice(0, end)];
    const begin = start === end ? end - (whole.pop() ?? '').length : start;
    field.setRangeText('', begin, end, 'end');
    field.dispatchEvent(new Event('input', { bubbles: true }));
}

/** Number plates are capitals all the way. */
const wantsCapitalOnce = () => field?.name !== 'plate';

/** @param {number} step */
function go(step) {
    const fields = [...document.querySelectorAll('input[type="text"]')].filter((each) => each instanceof HTMLInputElement);
    const next = field ? fields[fields.indexOf(field) + step] : undefined;
    if (next instanceof HTMLInputElement)
        open(next);
    else
        close();
}

function draw() {
    if (!(board instanceof HTMLElement))
        return;
    const words = board.dataset;
    const rows = field?.inputMode === 'numeric' ? numbers : more ? further : plain;
    const lines = rows.map((row) => {
        const line = document.createElement('div');
        line.className = 'osk__row';
        for (const letter of row) {
            const shown = capital && letter !== 'ß' ? letter.toUpperCase() : letter;
            line.append(key(shown, '', () => type(shown)));
        }
        return line;
    });
    const last = document.createElement('div');
    last.className = 'osk__row';
    if (rows !== numbers) {
        const shift = key('⇧', 'osk__wide', () => {
            capital = !capital;
            draw();
        }, words.shift);
        shift.setAttribute('aria-pressed', String(capital));
        const others = key('áà…', 'osk__wide', () => {
            more = !more;
            draw();
        }, words.more);
        others.setAttribute('aria-pressed', String(more));
        last.append(shift, others, key('', 'osk__space', () => type(' '), words.space));
    }
    last.append(key('⌫', 'osk__wide', wipe, words.delete), key('‹', '', () => go(-1), words.previous),
        key('›', '', () => go(1), words.next), key('✓', 'osk__wide kern-btn--primary', close, words.close));
    board.replaceChildren(...lines, last);
}

/** @param {HTMLInputElement} target */
function open(target) {
    if (!(board instanceof HTMLElement))
        return;
    field = target;
    more = false;
    capital = field.value === '' && field.inputMode !== 'numeric';
    draw();
    board.hidden = false;
    document.body.classList.add('osk-open');
    field.focus();
    field.scrollIntoView({ block: 'center' });
}

function close() {
    if (board instanceof HTMLElement)
        board.hidden = true;
    document.body.classList.remove('osk-open');
    field = null;
}

if (board instanceof HTMLElement) {
    board.setAttribute('role', 'group');
    board.setAttribute('aria-label', board.dataset.label ?? '');
    // The field keeps the focus while keys are pressed.
    board.addEventListener('pointerdown', (event) => event.preventDefault());
    document.addEventListener('pointerup', (event) => {
        const target = event.target;
        if (target instanceof HTMLInputElement && target.type === 'text' && event.pointerType !== 'mouse')
            open(target);
    });
    document.addEventListener('keydown', (event) => {
        if (event.isTrusted && field)
            close();
    });
}
