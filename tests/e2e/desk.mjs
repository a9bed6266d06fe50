// SPDX-License-Identifier: EUPL-1.2
//
// The clerk and the card, in Chromium against a house that runs: a case from the kiosk, the photo, the CAN, each kind of card, the PIN
// service; what the citizen brought, scanned and added, and with the released case at the office; the office's reply, read. With and
// without script. Nothing of what was typed or read is in a log.
//
// node tests/e2e/desk.mjs ADDRESSES [PICTURES]
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { axeFindings, launch } from './browser.mjs';
import { tellDevices } from './emulated.mjs';
import { Browser } from './http.mjs';

const addresses = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const pictures = process.argv[3];
const patience = 30_000;
const clerk = { name: 'Ayşe Öztürk', password: 'Der Igel liest am Dienstag Akten' };
const puk = '9876543210';
const newPin = '778899';
const answer = { subject: 'Ihr Bewohnerparkausweis', text: 'Der Ausweis gilt ab dem 1. Dezember.', reference: '32-1-4711' };
/** @type {string[]} */
const findings = [];

/** @param {unknown} condition @param {string} sentence */
function must(condition, sentence) {
    if (!condition) throw new Error(sentence);
}

/** @param {string} line */
const control = (line) => tellDevices(addresses.control, line);

/** pcscd looks every 0.4 s, and a card that left is back after a second at the earliest. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 1500));

async function pull() {
    if (!(await control('devices')).devices.some((/** @type {any} */ each) => each.kind === 'desk-card' && each.detail === 'devices.cardLaid')) return;
    await control('act desk-card pull');
    await settle();
}

/** Another card is laid at the desk. @param {string} act */
async function lay(act) {
    await pull();
    await control(`act desk-card ${act}`);
    await settle();
}

/** As a citizen with a card: the case, and its number. */
async function makeCase() {
    const kiosk = new Browser(addresses.kiosk);
    let page = await kiosk.get('/services');
    page = await kiosk.submit(page, '/services', { service: page.form('/services').buttons[0].value });
    page = await kiosk.submit(page, '/visit/notice');
    page = await kiosk.submit(page, '/visit/card', { pin: addresses.pin });
    const end = performance.now() + patience;
    while (page.path === '/visit/card/reading') {
        must(performance.now() < end, 'the kiosk still reads');
        await new Promise((resolve) => setTimeout(resolve, 200));
        page = await kiosk.get('/visit/card/reading');
    }
    for (let pages = 0; page.path === '/visit/form' && pages < 8; ++pages) {
        const form = page.form('/visit/form');
        /** @type {Record<string, string>} */
        const typed = { action: 'next' };
        if ('plate' in form.fields) typed.plate = 'MS-AB 123';
        if (form.choices.zone) typed.zone = form.choices.zone[0];
        if (form.choices.digitalNotice) typed.digitalNotice = 'no';
        page = await kiosk.submit(page, '/visit/form', typed);
    }
    page = await kiosk.submit(page, '/visit/review');
    page = await kiosk.submit(page, '/visit/pay', { action: 'desk' });
    must(page.path === '/visit/done', `the kiosk stands at ${page.path}`);
    const reference = /class="number"><span>[^<]*<\/span><strong><bdi>([^<]+)/.exec(page.html)?.[1] ?? '';
    await kiosk.submit(page, '/visit/end');
    kiosk.close();
    return reference;
}

if (pictures) mkdirSync(pictures, { recursive: true });
const { browser, close } = await launch();
let signedUp = false;

/** @param {{ name: string, script: boolean }} walk @param {string} reference */
async function go(walk, reference) {
    const context = await browser.newContext({ viewport: { width: 1366, height: 900 }, javaScriptEnabled: walk.script, ignoreHTTPSErrors: true });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.on('console', (message) => {
        if (!message.text().includes('status of 422')) // what is no scan is refused so
            findings.push(`${walk.name}: console: ${message.text()}`);
    });
    page.on('pageerror', (error) => findings.push(`${walk.name}: ${error.message}`));
    let number = 0;
    /** The page shows it; then it is looked at. @param {string} text */
    const shows = async (text) => {
        await page.getByText(text).first().waitFor();
        await page.waitForLoadState();
        if (pictures) await page.screenshot({ path: join(pictures, `${walk.name.replaceAll(' ', '-')}-${String(++number).padStart(2, '0')}.png`), fullPage: true });
        if (!walk.script) return;
        for (const finding of await axeFindings(page)) findings.push(`${walk.name} ${text}: ${finding}`);
    };
    const press = (/** @type {string} */ name) => page.getByRole('button', { name, exact: true }).click();
    const readCard = async (/** @type {string} */ can) => {
        if (await page.locator('input[name="compared"]').count()) {
            await page.locator('input[name="compared"]').check();
            await page.locator('input[name="consent"]').check();
            await press('Weiter zur Zugangsnummer');
        }
        await page.locator('#can').fill(can);
        await press('Ausweis lesen');
    };

    await page.goto(`${addresses.desk}/desk${signedUp ? '/sign-in' : '/first'}`);
    await page.locator('#name').fill(clerk.name);
    if (signedUp) {
        await page.locator('#password').fill(clerk.password);
        await press('Anmelden');
    } else {
        await page.locator('#code').fill(addresses.clerkCode);
        await page.locator('input[name="password"]').fill(clerk.password);
        await page.locator('input[name="again"]').fill(clerk.password);
        await press('Zugang einrichten');
        await page.locator('input[name="kept"]').check();
        await press('Weiter zu den Vorgängen');
        signedUp = true;
    }
    await page.getByRole('link', { name: reference }).click();
    const thisCase = page.url();
    await page.getByRole('link', { name: 'Ausweis am Platz lesen' }).click();
    await shows('Zuerst das Lichtbild');
    await lay('lay');
    await readCard('111111');
    await shows('Die Zugangsnummer stimmt nicht');
    await readCard(addresses.can);
    await shows('Ausweis und Vorgang stimmen überein');
    must(await page.getByText('Das ist eine Testkarte').count(), 'nobody says that the card is a test card');
    const identity = page.url();
    await press('Fertig, Angaben löschen');
    must(!(await page.goto(identity).then(() => page.content())).includes('Das ist eine Testkarte'), 'what was read is still shown');

    await lay('lay-other');
    await readCard(addresses.can);
    await shows('3 Angaben im Vorgang weichen vom Ausweis ab');
    await press('Fertig, Angaben löschen');
    for (const [act, sentence] of [['lay-expired', 'Der Ausweis ist abgelaufen'], ['lay-forged', 'Die Echtheitsprüfung des Ausweises ist fehlgeschlagen']]) {
        await lay(act);
        await page.goto(identity);
        await readCard(addresses.can);
        await shows(sentence);
        must(!(await page.content()).includes('MUSTERMANN'), `${act}: the card's data are shown`);
    }
    await pull();
    await readCard(addresses.can);
    await shows('Der Ausweis wird gelesen');
    await press('Abbrechen');
    await shows('Sie haben abgebrochen');

    await page.getByRole('link', { name: 'Geräte' }).click();
    const device = page.locator('section.device', { hasText: 'Ausweis-Lesegerät am Arbeitsplatz' });
    await device.getByRole('button', { name: 'Karte mit gesperrter PIN auflegen' }).click();
    await shows('Die Testkarte liegt auf');
    await settle();
    await page.getByRole('link', { name: 'PIN-Service' }).click();
    await press('Stand ansehen');
    await shows('Die PIN ist gesperrt');
    await page.getByRole('link', { name: 'Gesperrte PIN entsperren' }).click();
    await page.locator('#puk').fill(puk);
    await press('An den Ausweis geben');
    await shows('Die PIN ist entsperrt');
    await page.getByRole('link', { name: 'PIN ändern' }).click();
    await page.locator('#pin').fill(addresses.pin);
    await page.locator('#newPin').fill(newPin);
    await page.locator('#again').fill(newPin);
    await press('An den Ausweis geben');
    await shows('Die PIN ist geändert');
    await page.getByRole('link', { name: 'PIN ändern' }).click();
    await page.locator('#pin').fill(addresses.pin);
    await page.locator('#newPin').fill(newPin);
    await page.locator('#again').fill(newPin);
    await press('An den Ausweis geben');
    await shows('Es bleiben 2 Versuche');
    await page.getByRole('link', { name: 'Neue PIN ohne die bisherige' }).click();
    await page.locator('input[name="compared"]').check();
    await page.locator('#can').fill(addresses.can);
    await page.locator('#newPin').fill(newPin);
    await page.locator('#again').fill(newPin);
    await press('An den Ausweis geben');
    await shows('Die neue PIN ist gesetzt');
    await press('Stand ansehen');
    await shows('Die PIN hat noch 3 Versuche');

    // What was brought: a note that is no scan, one too many, and one of five megabytes that goes with the case.
    await page.goto(thisCase);
    await page.getByRole('link', { name: 'Anlagen hinzufügen oder entfernen' }).click();
    await shows('Noch keine Anlage');
    const scan = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(5_000_000)]);
    const add = async (/** @type {string} */ name, /** @type {Buffer} */ buffer) => {
        await page.locator('#file').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
        await press('Hinzufügen');
    };
    await add('Notiz.pdf', Buffer.from('kein Scan'));
    await shows('Die Anlage wurde nicht hinzugefügt');
    await add('Bild.png', Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(70_000)]));
    await page.getByText('Bild.png').first().waitFor();
    await add('Zulassung Teil I.PDF', scan);
    await shows('Zulassung Teil I.PDF');
    await page.locator('li', { hasText: 'Bild.png' }).getByRole('button').click();
    await page.getByText('Bild.png').waitFor({ state: 'detached' });
    await page.goto(thisCase);
    await shows('1 Anlage ist beim Antrag');
    await page.locator('#reason').fill('Gebühr bar bezahlt');
    await press('Freigeben');
    const atOffice = await arrives(scan);

    // The office replies; a clerk reads it, the citizen hears only that there is one.
    const letter = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(400_000)]);
    reply(atOffice, letter);
    await until('the reply at the desk', async () => (await page.goto(thisCase)) && (await page.getByRole('link', { name: 'Antwort vom' }).count()) > 0);
    const said = await askState(reference);
    must(said.includes('Es liegt eine Antwort vor'), 'the kiosk does not say that there is a reply');
    must(![answer.subject, answer.text, answer.reference, 'Bescheid'].some((told) => said.includes(told)), 'the kiosk tells what the reply says');
    await page.getByRole('link', { name: 'Antwort vom' }).click();
    await shows(answer.subject);
    must(await page.getByText(answer.text).count(), 'the letter is not shown');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Bescheid.pdf' }).click()]);
    must(readFileSync(await download.path()).equals(letter), 'the attachment of the reply is another');
    await press('Erledigt');
    await page.locator('li', { hasText: 'Antwort vom' }).getByText('Erledigt').waitFor();
    const sent = join(atOffice, 'replies', 'bescheid', 'sent.json');
    await until('the word that the reply was sent', async () => existsSync(sent));
    await context.close();
}

/** @template T @param {string} what @param {() => Promise<T>} look @returns {Promise<T>} */
async function until(what, look) {
    for (const end = performance.now() + 2 * patience; performance.now() < end; await new Promise((resolve) => setTimeout(resolve, 500))) {
        const found = await look();
        if (found) return found;
    }
    throw new Error(`not seen: ${what}`);
}

/** As an office writes it (sync/REPLIES.md): reply.json last. @param {string} folder @param {Buffer} letter */
function reply(folder, letter) {
    const place = join(folder, 'replies', 'bescheid');
    mkdirSync(join(place, 'attachments'), { recursive: true });
    writeFileSync(join(place, 'attachments', 'Bescheid.pdf'), letter);
    writeFileSync(join(place, 'writing.json'), JSON.stringify(answer));
    renameSync(join(place, 'writing.json'), join(place, 'reply.json'));
}

/** With the number and the code of the receipt. @param {string} reference */
async function askState(reference) {
    const receipts = readdirSync(addresses.printerFolder).filter((name) => name.endsWith('.bin'))
        .map((name) => readFileSync(join(addresses.printerFolder, name), 'latin1')).filter((text) => text.includes(reference));
    const code = /Code f.r den Stand\s+(\S+)/.exec(receipts.at(-1) ?? '')?.[1];
    must(code, 'the receipt has no code');
    const kiosk = new Browser(addresses.kiosk);
    let page = await kiosk.get('/');
    page = await kiosk.submit(page, '/language', { language: 'de', back: '/visit/state' });
    page = await kiosk.submit(page, '/visit/state', { reference, code: code ?? '' });
    kiosk.close();
    return page.text;
}

/** At the office, byte for byte: the case's folder there. @param {Buffer} scan @returns {Promise<string>} */
async function arrives(scan) {
    for (const end = performance.now() + patience; performance.now() < end; await new Promise((resolve) => setTimeout(resolve, 300))) {
        for (const name of readdirSync(addresses.inbox, { recursive: true })) {
            const path = join(addresses.inbox, String(name));
            const known = statSync(path, { throwIfNoEntry: false });
            if (known?.isFile() && known.size === scan.length && readFileSync(path).equals(scan)) return join(addresses.inbox, String(name).split(sep)[0]);
        }
    }
    throw new Error('the scan does not arrive');
}

/** What must stand in no log. */
function checkLogs() {
    const logs = join(addresses.stateDir, 'log');
    let bytes = 0;
    for (const name of readdirSync(logs)) {
        const text = readFileSync(join(logs, name), 'utf8');
        bytes += text.length;
        for (const told of [addresses.can, puk, newPin, 'MUSTERMANN', 'MÜLLER', 'BEATE', 'HEIDESTRA', answer.subject, answer.text])
            if (text.includes(told)) findings.push(`${name} tells ${told}`);
    }
    must(bytes > 1000, 'there are no logs');
}

let status = 0;
for (const walk of [{ name: 'desk with script', script: true }, { name: 'desk without script', script: false }]) {
    const begin = performance.now();
    try {
        const reference = await makeCase();
        await go(walk, reference);
        console.log(`  ok    ${walk.name.padEnd(24)} ${reference}  ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    } catch (error) {
        status = 1;
        console.log(`  FAIL  ${walk.name}: ${error instanceof Error ? error.message : error}`);
    }
}
checkLogs();
await close();
for (const finding of findings) console.log(`  ${finding}`);
process.exit(status || findings.length ? 1 : 0);
