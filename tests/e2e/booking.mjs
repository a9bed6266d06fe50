// SPDX-License-Identifier: EUPL-1.2
//
// An appointment, in Chromium against a house that runs: booked at the kiosk by touch and without script, kept by a node that is killed while the
// name is typed, seen, moved and cancelled at the desk, booked by phone; the code at the kiosk, typed or scanned, says when it is not yet time.
//
// node tests/e2e/booking.mjs ADDRESSES [PICTURES]
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tellDevices } from './emulated.mjs';
import { must, signInFirst, stage } from './stage.mjs';

const [file, pictures] = process.argv.slice(2);
const addresses = JSON.parse(readFileSync(file, 'utf8'));
const clerk = { name: 'Ayşe Öztürk', password: 'Der Igel liest am Dienstag Akten' };
const { open, look, end } = await stage(pictures);
/** @typedef {import('./stage.mjs').Page} Page */

const upright = { width: 1080, height: 1920 };

/** Up to the page that asks for the name; answers the day, which is not today's where half an hour no longer fits. @param {Page} kiosk @returns {Promise<string>} */
async function chooseTime(kiosk) {
    await kiosk.goto(addresses.kiosk);
    await kiosk.getByRole('link', { name: 'Termin buchen' }).click();
    await kiosk.getByRole('button', { name: 'Reisepass beantragen' }).click();
    await kiosk.getByRole('button', { name: /^Mehr: / }).click();
    await kiosk.getByText('Wir planen 30 Minuten für Sie ein.').waitFor();
    await kiosk.getByRole('link', { name: 'Tag wählen' }).click();
    await kiosk.locator('.days a').first().click();
    await kiosk.waitForURL('**/visit/booking/times?day=*');
    const day = new URL(kiosk.url()).searchParams.get('day') ?? '';
    await kiosk.locator('.times button').first().click();
    await kiosk.waitForURL('**/visit/booking/contact');
    return day;
}

/** Types with the keys on the screen. @param {Page} kiosk @param {string} field @param {string} letters */
async function typeByTouch(kiosk, field, letters) {
    await kiosk.locator(`[name=${field}]`).tap();
    for (const letter of letters) await kiosk.locator('.osk__key').filter({ hasText: new RegExp(`^${letter}$`, 'i') }).first().tap();
}

/** @param {Page} kiosk @returns {Promise<string>} */
async function codeShown(kiosk) {
    await kiosk.waitForURL('**/visit/booked');
    return (await kiosk.locator('.code').innerText()).trim();
}

// By touch, and the node dies while the name is typed: the time is still held.
const kiosk = await open(true, upright);
const firstDay = await chooseTime(kiosk);
await look(kiosk, 'contact');
execFileSync('sh', ['-c', `kill -9 $(cat '${addresses.stateDir}/run/node.pid')`]);
await typeByTouch(kiosk, 'givenNames', 'ada');
await typeByTouch(kiosk, 'familyNames', 'loos');
const hides = kiosk.getByRole('button', { name: 'Tastatur schließen' });
if (await hides.isVisible()) await hides.tap();
for (let tries = 0; ; ++tries) {
    try {
        await kiosk.request.get(`${addresses.kiosk}/health`);
        break;
    } catch (error) {
        must(tries < 100, `the node does not come back: ${error}`);
        await kiosk.waitForTimeout(200);
    }
}
await kiosk.getByRole('button', { name: 'Weiter' }).last().click();
const first = await codeShown(kiosk);
must(/^TE-\d{4}-\w{4}-\w{2}$/.test(first), `no code: ${first}`);
await look(kiosk, 'booked');
await kiosk.getByRole('button', { name: 'Fertig' }).click();
await kiosk.waitForURL('**/ended');

// Without script: another one at the next time.
const plain = await open(false, upright);
const secondDay = await chooseTime(plain);
await plain.locator('[name=givenNames]').fill('Zoë');
await plain.locator('[name=familyNames]').fill('Łukasiewicz');
await plain.getByRole('button', { name: 'Weiter' }).last().click();
const second = await codeShown(plain);
must(second !== first, 'one code for two');
await plain.goto(`${addresses.kiosk}/visit/booked`);
await plain.getByRole('button', { name: 'Fertig' }).click();

// By keyboard alone: nothing but Tab, Enter, the space bar and letters. Where the focus is can be seen.
const keys = await open(true, upright);
/** @param {string} css @param {string} [text] */
async function tabTo(css, text = '') {
    for (let i = 0; i < 60; ++i) {
        await keys.keyboard.press('Tab');
        const at = await keys.evaluate(([wanted, within]) => {
            const focused = document.activeElement;
            if (!focused?.matches(wanted) || !focused.textContent?.includes(within)) return undefined;
            const { outlineStyle, boxShadow } = getComputedStyle(focused);
            return { seen: outlineStyle !== 'none' || boxShadow !== 'none' };
        }, [css, text]);
        if (!at) continue;
        must(at.seen, `the focus on ${css} cannot be seen`);
        return;
    }
    throw new Error(`no way by keyboard to ${css} ${text} on ${keys.url()}`);
}
/** @param {string} css @param {string} [text] */
async function press(css, text) {
    await tabTo(css, text);
    await keys.keyboard.press('Enter');
}
await keys.goto(addresses.kiosk);
await press('a', 'Termin buchen');
await keys.waitForURL('**/appointments');
await press('button', 'Reisepass beantragen');
await keys.waitForURL('**/visit/booking');
await press('button[value=more]');
await keys.getByText('Wir planen 30 Minuten für Sie ein.').waitFor();
await tabTo('button[value=less]');
await keys.keyboard.press('Space');
await keys.getByText('Wir planen 15 Minuten für Sie ein.').waitFor();
await press('a.next');
await keys.waitForURL('**/visit/booking/days');
await press('.days a');
await keys.waitForURL('**/visit/booking/times*');
await press('.times button');
await keys.waitForURL('**/visit/booking/contact');
await tabTo('[name=givenNames]');
await keys.keyboard.type('Tab');
await tabTo('[name=familyNames]');
await keys.keyboard.type('Taste');
await keys.keyboard.press('Enter'); // as its form says: on, and no other button
await codeShown(keys);
await press('button', 'Fertig');
await keys.waitForURL('**/ended');
await keys.goto(addresses.kiosk);
await press('a, button', 'Wartenummer ziehen');
await keys.waitForURL('**/queue');
await press('button', 'Gebühren zahlen');
await keys.waitForURL('**/visit/ticket');
await keys.locator('.number strong').waitFor();
await press('button', 'Fertig');
await keys.waitForURL('**/ended');

// The code comes too early today, or fits: never "unknown". A wrong one is.
await kiosk.goto(addresses.kiosk);
await kiosk.getByRole('button', { name: 'Zum Termin anmelden' }).click();
await kiosk.locator('[name=code]').fill('TE-2026-AAAA-AA');
await kiosk.getByRole('button', { name: 'Anmelden', exact: true }).click();
await kiosk.getByText('Diesen Code finden wir nicht').waitFor();
await look(kiosk, 'check-in-unknown');
await kiosk.locator('[name=code]').fill(first.toLowerCase().replaceAll('-', ' '));
await kiosk.getByRole('button', { name: 'Anmelden', exact: true }).click();
await kiosk.getByText(/Ihr Termin ist an einem anderen Tag|Sie sind früh da|Ihre Nummer|Sie sind angemeldet/).first().waitFor();

// The same by the scanner, which the page hears without a press. What was scanned before is nobody's; a strange code is said.
const scanning = await open(true, upright);
await scanning.goto(addresses.kiosk);
await tellDevices(addresses.control, `scan ${second}`);
await scanning.getByRole('button', { name: 'Zum Termin anmelden' }).click();
await scanning.getByText('halten Sie den QR-Code vor den Scanner').waitFor();
must(new URL(scanning.url()).pathname === '/visit/check-in', 'a code that nobody asked for was taken');
await look(scanning, 'check-in-ways');
await tellDevices(addresses.control, 'act scanner scan-strange');
await scanning.getByText('Dieser Code gehört zu keinem Termin').waitFor();
await look(scanning, 'check-in-strange');
await tellDevices(addresses.control, `scan ${second}`);
await scanning.getByText(/Ihr Termin ist an einem anderen Tag|Sie sind früh da|Ihre Nummer|Sie sind angemeldet/).first().waitFor();

// The desk sees both names, moves one, cancels the other, and books for somebody who calls.
const desk = await open(true, { width: 1366, height: 768 });
await signInFirst(desk, addresses, clerk);
await desk.goto(`${addresses.desk}/desk/appointments/new`);
await desk.getByLabel(/Führungszeugnis beantragen/).fill('1');
await look(desk, 'appointment-concerns');
await desk.getByRole('button', { name: 'Freie Zeiten' }).click();
await look(desk, 'appointment-times');
await desk.locator('section .acts a').first().click();
await desk.locator('[name=familyNames]').fill('Đặng-Müllerová');
await desk.locator('[name=givenNames]').fill('Zoë');
await desk.locator('[name=phone]').fill('02999 123');
await look(desk, 'appointment-name');
await desk.getByRole('button', { name: 'Termin buchen' }).click();
await desk.getByText('Đặng-Müllerová, Zoë').waitFor();
await look(desk, 'appointment');
await desk.locator('.crumb a').click();
await desk.waitForURL('**/desk/appointments?day=*');
must(await desk.locator('main').getByText('Đặng-Müllerová, Zoë').isVisible(), 'the list of the day lacks a booking');
await look(desk, 'appointments');
const byPhone = desk.url();
const rows = desk.locator('tbody tr');
for (const [name, day] of [['loos', firstDay], ['Łukasiewicz', secondDay]]) {
    await desk.goto(`${addresses.desk}/desk/appointments?day=${day}`);
    const named = await rows.allInnerTexts();
    must(named.some((row) => row.toLowerCase().includes(name.toLowerCase())), `nobody called ${name} on ${day} in ${named.join(' | ')}`);
}
await desk.goto(byPhone);
// Not one whose code was shown at the kiosk: where its time is near, it is checked in by now and stays where it is.
await rows.filter({ hasText: 'Đặng-Müllerová' }).getByRole('link').click();
await desk.getByRole('link', { name: 'Verlegen' }).click();
await desk.locator('section form button').last().click();
await desk.getByRole('link', { name: 'Verlegen' }).waitFor();
await desk.locator('[name=reason]').fill('Anruf: krank');
await desk.getByRole('button', { name: 'Termin absagen' }).click();
await desk.getByText('abgesagt').waitFor();

await end('four appointments, one by keyboard alone, one moved and cancelled');
