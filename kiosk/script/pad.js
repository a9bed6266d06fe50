// SPDX-License-Identifier: EUPL-1.2
//
// Number pad on the screen for the PIN, and for the access number where it is asked. The digits stay in the fields; how many
// there are is told, which ones is not.

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
    if (!(pad instanceof HTMLElement))
        continue;
    const fields = (pad.dataset.pad ?? '').split(' ').map((id) => document.getElementById(id)).filter((each) => each instanceof HTMLInputElement);
    const pin = fields.at(-1);
    if (!pin)
        continue;
    let current = fields[0];
    for (const field of fields)
        field.addEventListener('focus', () => {
            current = field;
        });
    const told = document.createElement('p');
    told.className = 'kern-sr-only';
    told.setAttribute('role', 'status');
    const changed = () => {
        current.dispatchEvent(new Event('input', { bubbles: true }));
        told.textContent = (pad.dataset.count ?? '').replace('{count}', String(current.value.length));
    };
    for (const digit of digits) {
        pad.append(key(digit, () => {
            // A field that is full hands on to the next one.
            if (current.value.length >= length)
                current = fields[fields.indexOf(current) + 1] ?? current;
            if (current.value.length < length)
                current.value += digit;
            changed();
        }));
    }
    const wipe = key(pad.dataset.delete ?? '', () => {
        if (current.value === '')
            current = fields[fields.indexOf(current) - 1] ?? current;
        current.value = current.value.slice(0, -1);
        changed();
    });
    wipe.classList.add('pad__wide');
    pad.append(wipe, told);
    pad.setAttribute('role', 'group');
    pad.setAttribute('aria-label', pad.dataset.label ?? '');
    pad.hidden = false;

    const message = document.getElementById(`${pin.id}-error`);
    pin.form?.addEventListener('submit', (event) => {
        // Five digits are the letter's transport PIN: the node explains it.
        const complete = fields.length === 1 ? /^[0-9]{5,6}$/.test(pin.value) : fields.every((each) => /^[0-9]{6}$/.test(each.value));
        if (complete)
            return;
        event.preventDefault();
        if (message) {
            message.textContent = message.dataset.message ?? '';
            message.hidden = false;
        }
        const first = fields.find((each) => !/^[0-9]{6}$/.test(each.value)) ?? pin;
        pin.setAttribute('aria-invalid', 'true');
        pin.setAttribute('aria-describedby', `${pin.id}-hint ${pin.id}-error`);
        first.focus();
    }, { capture: true });
}
