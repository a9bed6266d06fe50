// SPDX-License-Identifier: EUPL-1.2
//
// ./amt run --check: one citizen and one clerk through HTTP, as a browser without script would; then the invariants.
//
// node tests/e2e/check.mjs ADDRESSES
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { tellDevices } from './emulated.mjs';
import { Browser } from './http.mjs';

const addresses = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const plate = 'MS-AB 123E';
const clerkName = addresses.clerkName ?? 'Ayşe Öztürk';
const clerkPassword = addresses.clerkPassword ?? 'Der Igel liest am Dienstag Akten';
const waitMax = 90_000;

const kiosk = new Browser(addresses.kiosk);
const desk = new Browser(addresses.desk, addresses.deskCa);
const begin = performance.now();

/** @param {unknown} condition @param {string} sentence */
function must(condition, sentence) {
    if (!condition) throw new Error(sentence);
}

/** @template T @param {string} name @param {() => Promise<T>} work @returns {Promise<T>} */
async function step(name, work) {
    const start = performance.now();
    try {
        const result = await work();
        console.log(`  ok    ${name.padEnd(62)} ${Math.round(performance.now() - start)} ms`);
        return result;
    } catch (error) {
        console.log(`  FAIL  ${name}\n        ${error instanceof Error ? error.message : error}`);
        throw error;
    }
}

const pause = (/** @type {number} */ milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @template T @param {string} what @param {() => Promise<T | undefined>} look @returns {Promise<T>} */
async function until(what, look) {
    const end = performance.now() + waitMax;
    while (performance.now() < end) {
        const found = await look();
        if (found !== undefined) return found;
        await pause(200);
    }
    throw new Error(`still waiting for ${what} after ${waitMax / 1000} s`);
}

/** Goes on as a page without script does, only sooner. @param {import('./http.mjs').Page} page @param {string} path @param {string} wanted */
async function arrive(page, path, wanted) {
    return until(wanted, async () => {
        if (page.path !== path) return page;
        must(page.refresh, `${path} does not go on by itself without script`);
        page = await kiosk.get(page.refresh ?? path);
        return page.path === path ? undefined : page;
    }).then((arrived) => {
        must(arrived.path === wanted, `expected ${wanted}, came to ${arrived.path}: "${arrived.title}"`);
        return arrived;
    });
}

/** @param {import('./http.mjs').Page} page @param {string} path */
function at(page, path) {
    must(page.status === 200, `${page.path} answered ${page.status}: "${page.title}"`);
    must(page.path === path, `expected ${path}, came to ${page.path}: "${page.title}"`);
    const policy = String(page.headers['content-security-policy'] ?? '');
    must(policy.startsWith("default-src 'none'") && !policy.includes('unsafe'), `${path} has no strict policy`);
    must(/(href="\/help\?back=|action="\/help")/.test(page.html) || path.startsWith('/desk'), `${path} does not lead to a person`);
    return page;
}

const foldersIn = (/** @type {string} */ folder) => (existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : []);

const charges = async () => (addresses.control && existsSync(addresses.control) ? (await tellDevices(addresses.control, 'charges')).charges : undefined);

async function citizen() {
    let page = await step('start page', async () => at(await kiosk.get('/'), '/'));
    page = await step('services', async () => at(await kiosk.get(page.link('/services')), '/services'));
    page = await step('the Bewohnerparkausweis is chosen', async () => {
        const offered = page.form('/services').buttons.find((button) => button.text.includes('Bewohnerparkausweis'));
        must(offered, 'the Bewohnerparkausweis is not offered');
        return at(await kiosk.submit(page, '/services', { service: offered?.value ?? '' }), '/visit/notice');
    });
    page = await step('privacy notice, and consent', async () => at(await kiosk.submit(page, '/visit/notice'), '/visit/card'));
    page = await step('a language is changed there and back', async () => {
        const english = at(await kiosk.submit(page, '/language', { language: 'en' }), '/visit/card');
        must(english.html.includes('lang="en"'), 'the page is not English');
        return at(await kiosk.submit(english, '/language', { language: 'de' }), '/visit/card');
    });
    page = await step('PIN and reading of the card', async () => {
        const reading = await kiosk.submit(page, '/visit/card', { pin: addresses.pin });
        return at(await arrive(reading, '/visit/card/reading', '/visit/form'), '/visit/form');
    });
    /** @type {Record<string, string>} */
    const given = {};
    page = await step('form: data from the card, plate, zone, no digital notice', async () => {
        for (let pages = 0; page.path === '/visit/form'; ++pages) {
            must(pages < 8, 'the form does not end');
            Object.assign(given, page.facts);
            const form = page.form('/visit/form');
            /** @type {Record<string, string>} */
            const typed = { action: 'next' };
            if ('plate' in form.fields) typed.plate = plate;
            if (form.choices.zone) typed.zone = form.choices.zone[1];
            if (form.choices.digitalNotice) typed.digitalNotice = 'no';
            page = await kiosk.submit(page, '/visit/form', typed);
            must(!page.html.includes('kern-error"'), `the form was refused: ${page.text.slice(0, 300)}`);
        }
        must(given.Familienname && given['Vorname(n)'], 'nothing came from the card');
        return at(page, '/visit/review');
    });
    const reviewed = page.facts;
    page = await step('review, and sending', async () => {
        must(reviewed.Kennzeichen === plate, `the review shows another plate: ${reviewed.Kennzeichen}`);
        must(reviewed.Familienname === given.Familienname, 'the review shows another name');
        return at(await kiosk.submit(page, '/visit/review'), '/visit/pay');
    });
    page = await step('payment by card', async () => {
        const running = await kiosk.submit(page, '/visit/pay', { action: 'start' });
        return at(await arrive(running, '/visit/pay/running', '/visit/done'), '/visit/done');
    });
    const reference = page.facts.Aktenzeichen ?? /class="number"><span>[^<]*<\/span><strong><bdi>([^<]+)/.exec(page.html)?.[1] ?? '';
    await step('done, receipt printed', async () => {
        must(reference, 'no case number');
        page = await until('the receipt', async () => {
            const done = await kiosk.get('/visit/done');
            return done.text.includes('Der Beleg ist gedruckt') ? done : undefined;
        });
    });
    await step('a guessed cookie, a foreign page, unknown fields are refused', async () => {
        const form = page.form('/visit/receipt');
        const body = new URLSearchParams(form.fields).toString();
        const foreign = await kiosk.request('POST', '/visit/receipt', body, { origin: 'https://example.org', 'sec-fetch-site': 'cross-site' });
        must(foreign.status === 403, `a foreign page got ${foreign.status}`);
        const extra = await kiosk.request('POST', '/visit/receipt', `${body}&more=1`);
        must(extra.status === 400, `an unknown field got ${extra.status}`);
        const host = await kiosk.request('GET', '/', undefined, { host: 'example.org' });
        must(host.status >= 400 && host.status < 500, `a foreign host got ${host.status}`);
        const guesser = new Browser(addresses.kiosk);
        guesser.cookies.set([...kiosk.cookies.keys()][0], 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
        const guessed = await guesser.request('GET', '/visit/done');
        must(guessed.status >= 300 && !guessed.html.includes(reference), `a guessed cookie got ${guessed.status}`);
        guesser.close();
    });
    await step('the visit ends and leaves nothing', async () => {
        const before = [...kiosk.cookies];
        at(await kiosk.submit(page, '/visit/end'), '/ended');
        for (const [name, value] of before) kiosk.cookies.set(name, value);
        const again = await kiosk.request('GET', '/visit/done');
        must(again.status >= 300 && !again.html.includes(reference), `the old cookie still opens the visit: ${again.status}`);
    });
    return { reference, reviewed };
}

/** @param {string} reference */
async function clerk(reference) {
    await step('the desk is closed to strangers', async () => {
        const stranger = await desk.request('GET', '/desk');
        must(stranger.status !== 200 && !stranger.html.includes(reference), `the desk answered ${stranger.status}`);
    });
    const first = await desk.get('/desk/first');
    const isFirst = first.path === '/desk/first' && addresses.clerkCode;
    let page = await step(isFirst ? 'the first clerk signs in with the one-time code' : 'a clerk signs in', async () => {
        if (!isFirst) { // this state has seen a check before
            const signIn = at(await desk.get('/desk/sign-in'), '/desk/sign-in');
            return at(await desk.submit(signIn, '/desk/sign-in', { name: clerkName, password: clerkPassword }), '/desk');
        }
        const paper = at(await desk.submit(first, '/desk/first', {
            code: addresses.clerkCode, name: clerkName, password: clerkPassword, again: clerkPassword,
        }), '/desk/paper');
        return at(await desk.submit(paper, '/desk/paper', { kept: 'yes' }), '/desk');
    });
    const address = await step('the case stands in the list, once', async () => {
        const rows = [...page.html.matchAll(/href="(\/desk\/cases\/[^"]+)"><bdi>([^<]+)<\/bdi>/g)].filter(([, , shown]) => shown === reference);
        must(rows.length === 1, `${rows.length} cases with this number`);
        return rows[0][1];
    });
    page = await step('handed over, and accepted by its destination', async () => until('the accept event', async () => {
        const open = at(await desk.get(address), address);
        must(!/Angehalten|Abgelehnt/.test(open.title), `the case is ${open.title}`);
        return open.title.includes('Angenommen') ? open : undefined;
    }));
    return page;
}

async function main() {
    const inboxBefore = foldersIn(addresses.inbox);
    const receiptsBefore = foldersIn(addresses.printerFolder).filter((name) => name.endsWith('.bin'));
    const chargesBefore = await charges();
    const { reference, reviewed } = await citizen();
    const open = await clerk(reference);
    const shown = open.facts;

    await step('invariant: the desk shows what the citizen typed, with its origin', async () => {
        must(shown.Kennzeichen === plate, `plate: ${shown.Kennzeichen}`);
        must(shown.Familienname === reviewed.Familienname, `name: ${shown.Familienname}`);
        must(open.text.includes('aus dem Ausweis') && open.text.includes('eingetippt'), 'no origins');
    });
    await step('invariant: charged exactly once, and by an approved payment', async () => {
        must(shown['Stand der Zahlung'] === 'Bezahlt mit Karte', `payment: ${shown['Stand der Zahlung']}`);
        must(shown.Betrag === reviewed['Gebühr'], `amount: ${shown.Betrag} for a fee of ${reviewed['Gebühr']}`);
        const approvals = open.text.split('Zahlung genehmigt').length - 1;
        must(approvals === 1, `${approvals} approvals`);
        const now = await charges();
        if (!now || !chargesBefore) return;
        const taken = now.slice(chargesBefore.length);
        must(taken.length === 1 && !taken[0].reversed, `the terminal took ${taken.length} charges`);
        must(Number(shown.Belegnummer) === taken[0].receipt && Number(shown['Trace-Nummer']) === taken[0].trace, 'another charge than the one on the page');
        const cents = Math.round(Number(shown.Betrag.replace(/[^0-9,]/g, '').replace(',', '.')) * 100);
        must(cents === taken[0].cents, `the terminal took ${taken[0].cents} cents`);
    });
    await step('invariant: one case arrived, once, with the same data', async () => {
        const arrived = await until('the case in the inbox', async () => {
            const folders = foldersIn(addresses.inbox).filter((name) => !inboxBefore.includes(name));
            return folders.length > 0 && existsSync(join(addresses.inbox, folders[0], 'submission.json')) ? folders : undefined;
        });
        must(arrived.length === 1, `${arrived.length} cases arrived`);
        const folder = join(addresses.inbox, arrived[0]);
        must(foldersIn(folder).filter((name) => name === 'data.json').length === 1, 'no data.json');
        const data = JSON.parse(readFileSync(join(folder, 'data.json'), 'utf8'));
        must(data.values.plate === plate, `plate: ${data.values.plate}`);
        must(data.values.familyNames === reviewed.Familienname, `name: ${data.values.familyNames}`);
        must(data.values.digitalNotice === false, 'the refusal of the digital notice is not sent as false');
        must(data.origins.familyNames === 'eid' && data.origins.plate === 'typed', 'origins are wrong');
        const metadata = JSON.parse(readFileSync(join(folder, 'metadata.json'), 'utf8'));
        must(metadata.additionalReferenceInfo?.applicationDate === data.captureDay, 'applicationDate is not the day of capture');
    });
    await step('invariant: one receipt lies in the tray', async () => {
        if (!existsSync(addresses.printerFolder ?? '')) return;
        const receipts = foldersIn(addresses.printerFolder).filter((name) => name.endsWith('.bin') && !receiptsBefore.includes(name));
        must(receipts.length === 1, `${receipts.length} receipts`);
    });
    await step('invariant: the way through the house is whole and in order', async () => {
        const stations = ['Antrag gespeichert', 'Zahlung angelegt', 'Zahlung an das Kartengerät gegeben', 'Zahlung genehmigt',
            'Für die zuständige Stelle versiegelt', 'Beim Portal angekündigt', 'Übergeben: Das Portal hat den Umschlag', 'Angenommen von der zuständigen Stelle'];
        let from = 0;
        for (const station of stations) {
            const found = open.text.indexOf(station, from);
            must(found >= 0, `the way lacks, or has at another place: ${station}`);
            from = found;
        }
    });
}

let status = 0;
try {
    await main();
    console.log(`  Accepted, and every invariant held (${((performance.now() - begin) / 1000).toFixed(1)} s)`);
} catch {
    status = 1;
} finally {
    kiosk.close();
    desk.close();
}
process.exit(status);
