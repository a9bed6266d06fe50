// SPDX-License-Identifier: EUPL-1.2
//
// Number pad for the PIN on the screen. The digits stay in the field; nothing is shown, said or kept.

const digits = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0'];
const length = 6;

/** @param {string} label @param {() => void} press */
function key(label, press) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'kern-btn kern-btn--secondary';
    const text = document.createElement('span');
    text.className = 'kern-label';
    text.textContent = label;
    button.append(text);
    button.addEventListener('click', press);
    return button;
}

for (const pad of document.querySelectorAll('[data-pad]')) {
    const field = pad instanceof HTMLElement ? document.getElementById(pad.dataset.pad ?? '') : null;
    if (!(pad instanceof HTMLElement) || !(field instanceof HTMLInputElement))
        continue;
    const changed = () => field.dispatchEvent(new Event('input', { bubbles: true }));
    for (const digit of digits) {
        pad.append(key(digit, () => {
            if (field.value.length < length)
                field.value += digit;
            changed();
        }));
    }
    const wipe = key(pad.dataset.delete ?? '', () => {
        field.value = field.value.slice(0, -1);
        changed();
    });
    wipe.classList.add('pad__wide');
    pad.append(wipe);
    pad.setAttribute('role', 'group');
    pad.setAttribute('aria-label', pad.dataset.label ?? '');
    pad.hidden = false;

    const form = field.form;
    const message = document.getElementById(`${field.id}-error`);
    form?.addEventListener('submit', (event) => {
        if (/^[0-9]{6}$/.test(field.value))
            return;
        event.preventDefault();
        if (message) {
            message.textContent = message.dataset.message ?? '';
            message.hidden = false;
        }
        field.setAttribute('aria-invalid', 'true');
        field.setAttribute('aria-describedby', `${field.id}-hint ${field.id}-error`);
        field.focus();
    }, { capture: true });
}
