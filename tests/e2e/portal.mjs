// SPDX-License-Identifier: EUPL-1.2
//
// A town whose calendar is the portal's, in Chromium against a house that runs: a citizen books at home, her name sealed by another hand (jose), and
// the desk reads it; at the kiosk a time is booked that is not leased to the node; what one side cancels, the other shows.
//
// AMT_RUN_OPTIONS=--portal-calendar; node tests/e2e/portal.mjs ADDRESSES [PICTURES]
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CompactEncrypt, importJWK } from 'jose';
import { must, signInFirst, stage } from './stage.mjs';

const [file, pictures] = process.argv.slice(2);
const addresses = JSON.parse(readFileSync(file, 'utf8'));
const clerk = { name: 'Ayşe Öztürk', password: 'Der Igel liest am Dienstag Akten' };
const passport = '99085001012000';
const place = `${addresses.gateway}/citizens/scopes/-/rathaus`;
const { open, look, end } = await stage(pictures);
/** @typedef {import('./stage.mjs').Page} Page */

const kiosk = await open(true, { width: 1080, height: 1920 });
const desk = await open(true, { width: 1366, height: 768 });

/** Asks until it is so. @template T @param {() => Promise<T>} look @param {string} what @returns {Promise<NonNullable<T>>} */
async function soon(look, what) {
    for (let tries = 0; tries < 120; ++tries) {
        const found = await look();
        if (found) return found;
        await kiosk.waitForTimeout(1000);
    }
    throw new Error(`not within two minutes: ${what}`);
}

const capability = randomBytes(32).toString('base64url');
/** As a citizen's browser. @param {string} method @param {string} address @param {object} [data] */
async function ask(method, address, data) {
    const answer = await kiosk.request.fetch(address, { method, data, headers: { authorization: `Bearer ${capability}` }, failOnStatusCode: false });
    return { status: answer.status(), body: await answer.json() };
}

// At home.
const town = await soon(async () => {
    const { status, body } = await ask('GET', place);
    return status === 200 && body.deskKey ? body : undefined;
}, 'the town has told its calendar and its key');
const { body: free } = await ask('GET', `${place}/times?minutes=15&days=14&limit=5`);
const id = randomUUID();
const reserved = await ask('POST', `${place}/appointments`, { id, start: free.times[0].start, minutes: 15, services: [{ service: passport, quantity: 1 }] });
must(reserved.status === 201, JSON.stringify(reserved.body));
const contact = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify({ familyName: 'Łukasiewicz', givenNames: 'Zoë', phone: '02999 123' })))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: town.deskKey.kid, cty: 'application/json' })
    .encrypt(await importJWK(town.deskKey, 'RSA-OAEP-256'));
const confirmed = await ask('PUT', `${addresses.gateway}/citizens/appointments/${id}/confirmation`, { version: reserved.body.version, contact });
must(confirmed.status === 200, JSON.stringify(confirmed.body));
const { code } = reserved.body;

// At the desk: who comes, and when.
await signInFirst(desk, addresses, clerk);
const day = free.times[0].startLocal.slice(0, 10);
await soon(async () => {
    await desk.goto(`${addresses.desk}/desk/appointments?day=${day}`);
    return (await desk.getByRole('row').filter({ hasText: code }).filter({ hasText: 'Łukasiewicz, Zoë' }).count()) > 0;
}, 'the appointment on the day\'s list');
await look(desk, 'day');
await desk.getByRole('link', { name: code }).click();
await desk.getByText('Dieser Termin steht im Portal').waitFor();
await look(desk, 'appointment');

// At the kiosk: weeks ahead nothing is leased, so the portal is asked.
await kiosk.goto(addresses.kiosk);
await kiosk.getByRole('link', { name: 'Termin buchen' }).click();
await kiosk.getByRole('button', { name: 'Reisepass beantragen' }).click();
const later = await soon(async () => {
    await kiosk.goto(`${addresses.kiosk}/visit/booking/days`);
    for (let part = 0; part < 20 && (await kiosk.getByRole('link', { name: 'Spätere Tage' }).count()) > 0; ++part)
        await kiosk.getByRole('link', { name: 'Spätere Tage' }).click();
    const last = kiosk.locator('.days a').last();
    const address = (await last.count()) > 0 ? (await last.getAttribute('href')) ?? '' : '';
    const shown = new URL(address, addresses.kiosk).searchParams.get('day') ?? '';
    return shown > new Date(Date.now() + 16 * 86_400_000).toISOString().slice(0, 10) ? last : undefined;
}, 'days that only the portal can give');
await later.click();
await kiosk.locator('.times button').last().click();
await kiosk.waitForURL(/\/visit\/booking\/(asking|contact)$/);
must(new URL(kiosk.url()).pathname === '/visit/booking/asking', 'the portal was not asked');
await look(kiosk, 'asking');
await kiosk.waitForURL('**/visit/booking/contact');
await kiosk.locator('[name=givenNames]').fill('Ada');
await kiosk.locator('[name=familyNames]').fill('Loos');
await kiosk.getByRole('button', { name: 'Weiter' }).last().click();
await kiosk.waitForURL('**/visit/booked');
const second = (await kiosk.locator('.code').innerText()).trim();
must(/^TP-\d{4}-\w{4}-\w{2}$/.test(second), `no code of the portal: ${second}`);
await look(kiosk, 'booked');

// The desk cancels the citizen's, and the portal says so.
await desk.locator('[name=reason]').fill('Anruf: krank');
await desk.getByRole('button', { name: 'Termin absagen' }).click();
await desk.getByText('Das Portal wird gefragt').waitFor();
await look(desk, 'asked');
await desk.waitForURL(`**/desk/appointments/${id}`);
await desk.getByText('abgesagt').waitFor();
const { body: told } = await ask('GET', `${addresses.gateway}/citizens/appointments/${id}`);
must(told.state === 'CANCELLED', `the portal says ${told.state}`);

await end(`${code} booked at home and cancelled at the desk, ${second} booked at the kiosk through the portal`);
