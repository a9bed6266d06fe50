// SPDX-License-Identifier: EUPL-1.2
//
// The lead plans, in Chromium against a house that runs: a week looked at, a day closed over a booking by keyboard alone, what stands in the way, taken back;
// without script a rule edited; the figures of the day.
//
// node tests/e2e/planning.mjs ADDRESSES [PICTURES]
import { readFileSync } from 'node:fs';
import { must, signInFirst, stage } from './stage.mjs';

const [file, pictures] = process.argv.slice(2);
const addresses = JSON.parse(readFileSync(file, 'utf8'));
const lead = { name: 'Ayşe Öztürk', password: 'Der Igel liest am Dienstag Akten' };
const { open, look, end } = await stage(pictures);
const wide = { width: 1366, height: 768 };

const desk = await open(true, wide);
await signInFirst(desk, addresses, lead);

// Somebody is booked for the next day that has times.
await desk.goto(`${addresses.desk}/desk/appointments/new`);
await desk.getByLabel(/Reisepass beantragen/).fill('1');
await desk.getByRole('button', { name: 'Freie Zeiten' }).click();
const booked = new URL(/** @type {string} */ (await desk.locator('section .acts a').last().getAttribute('href')), addresses.desk);
const day = /** @type {string} */ (booked.searchParams.get('at')).split('/')[0];
await desk.locator('section .acts a').last().click();
await desk.locator('[name=familyNames]').fill('Đặng-Müllerová');
await desk.locator('[name=givenNames]').fill('Zoë');
await desk.getByRole('button', { name: 'Termin buchen' }).click();
await desk.getByText('Đặng-Müllerová, Zoë').waitFor();

// By keyboard alone: close that day.
await desk.getByRole('link', { name: 'Zeiten' }).focus();
await desk.keyboard.press('Enter');
await desk.waitForURL('**/desk/hours');
await look(desk, 'hours');
await desk.getByRole('link', { name: 'Tage oder Stunden schließen' }).focus();
await desk.keyboard.press('Enter');
await desk.waitForURL('**/desk/hours/change?kind=close');
for (const name of ['first', 'last']) await desk.locator(`[name=${name}]`).fill(day); // what the keys of a date field write depends on the browser's language
await desk.locator('[name=reason]').focus();
await desk.keyboard.type('Betriebsausflug');
await desk.keyboard.press('Enter');
await desk.getByText('1 gebuchter Termin passt nicht mehr in diese Zeiten.').waitFor();
await look(desk, 'hours-conflict');
await desk.getByRole('button', { name: 'So speichern' }).focus();
await desk.keyboard.press('Enter');
await desk.getByText('1 gebuchter Termin liegt außerhalb der Öffnungszeiten.').waitFor();
const closed = desk.locator('tr', { has: desk.locator(`a[href$="day=${day}"]`) });
must((await closed.innerText()).includes('geschlossen'), 'the closed day is open');
must((await closed.innerText()).includes('Betriebsausflug'), 'nobody says why');
await look(desk, 'hours-closed');

// The kiosk offers that day to nobody.
const kiosk = await open(true, { width: 1080, height: 1920 });
await kiosk.goto(addresses.kiosk);
await kiosk.getByRole('link', { name: 'Termin buchen' }).click();
await kiosk.getByRole('button', { name: 'Reisepass beantragen' }).click();
await kiosk.getByRole('link', { name: 'Tag wählen' }).click();
await kiosk.locator('.days a').first().waitFor();
must((await kiosk.locator(`.days a[href*="${day}"]`).count()) === 0, 'the kiosk offers a day that is closed');

await desk.getByRole('link', { name: 'Letzte Änderung zurücknehmen' }).click();
await desk.getByText('Kein gebuchter Termin steht dem entgegen.').waitFor();
await desk.getByRole('button', { name: 'So speichern' }).click();
await desk.getByText('wieder wie Fassung 1').waitFor();
await kiosk.reload();
await kiosk.locator(`.days a[href*="${day}"]`).waitFor();

// Without script: a rule gets other hours, after a mistake that is said.
const plain = await open(false, wide);
await plain.goto(`${addresses.desk}/desk/sign-in`);
await plain.locator('[name=name]').fill(lead.name);
await plain.locator('[name=password]').fill(lead.password);
await plain.getByRole('button', { name: 'Anmelden' }).click();
await plain.goto(`${addresses.desk}/desk/hours/change?kind=rule&id=dienstag`);
await plain.locator('[name=until]').fill('13:00');
await plain.locator('[name=reason]').fill('Langer Dienstag');
await plain.getByRole('button', { name: 'Zeigen, was sich ändert' }).click();
await plain.getByText('Bitte prüfen Sie die Zeiten').waitFor();
await plain.locator('[name=until]').fill('19:00');
await plain.getByRole('button', { name: 'Zeigen, was sich ändert' }).click();
await plain.getByRole('button', { name: 'So speichern' }).click();
await plain.getByText('14:00–19:00 Uhr: 2 Schalter, davon 1 für alle').first().waitFor();

// Figures, with what the day has so far.
await desk.getByRole('link', { name: 'Zahlen' }).click();
await desk.getByRole('heading', { name: 'Zahlen: Warten, Bedienen, Termine' }).waitFor();
await look(desk, 'statistics');
const [download] = await Promise.all([desk.waitForEvent('download'), desk.getByRole('link', { name: 'Als Tabelle speichern (CSV)' }).click()]);
must(readFileSync(await download.path(), 'utf8').startsWith('group;drawn;'), 'the table lacks its head');

await end('a day closed and opened again, a rule changed, figures shown');
