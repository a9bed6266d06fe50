// SPDX-License-Identifier: EUPL-1.2
//
// A morning in the waiting hall, in Chromium against a house that runs: numbers at the kiosk, two desks that call, sixteen boards that follow by themselves;
// the printer without paper, the node killed in the middle; with and without script.
//
// node tests/e2e/queue.mjs ADDRESSES [PICTURES] [--figures]
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tellDevices } from './emulated.mjs';
import { must, signInFirst, stage } from './stage.mjs';

const figures = process.argv.includes('--figures');
const [file, pictures] = process.argv.slice(2).filter((word) => word !== '--figures');
const addresses = JSON.parse(readFileSync(file, 'utf8'));
const boards = 16;
const clerks = [{ name: 'Ayşe Öztürk', password: 'Der Igel liest am Dienstag Akten' }, { name: 'Jürgen Großmann', password: 'Sieben Ziegen zählen leise Zettel' }];
/** @param {string} line */
const control = (line) => tellDevices(addresses.control, line);

const { open, look, end } = await stage(pictures);
/** @typedef {import('./stage.mjs').Page} Page */

/** A citizen takes a number; without paper she notes it. @param {string} group @param {{ script?: boolean, note?: boolean, name?: string }} [how] @returns {Promise<string>} */
async function draw(group, how = {}) {
    const kiosk = await open(how.script ?? true, { width: 1080, height: 1920 });
    await kiosk.goto(addresses.kiosk);
    await kiosk.getByRole('link', { name: 'Wartenummer ziehen' }).click();
    await kiosk.getByRole('button', { name: group }).click();
    await kiosk.waitForURL('**/visit/ticket');
    if (how.note) await kiosk.getByRole('button', { name: 'Ich habe die Nummer notiert' }).click();
    for (let i = 0; how.script === false && i < 50 && !(await kiosk.getByRole('heading', { name: 'Wir rufen Sie auf' }).isVisible()); ++i) {
        await kiosk.waitForTimeout(200);
        await kiosk.goto(`${addresses.kiosk}/visit/ticket`);
    }
    await kiosk.getByRole('heading', { name: 'Wir rufen Sie auf' }).waitFor();
    if (how.name) await look(kiosk, how.name);
    const number = await kiosk.locator('.number strong').innerText();
    await kiosk.getByRole('button', { name: 'Fertig' }).click();
    await kiosk.waitForURL('**/ended');
    await kiosk.context().close();
    return number;
}

/** @param {Page} page @param {{ name: string, password: string }} clerk */
async function signIn(page, clerk) {
    await page.goto(`${addresses.desk}/desk/sign-in`);
    await page.locator('[name=name]').fill(clerk.name);
    await page.locator('[name=password]').fill(clerk.password);
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.waitForURL('**/desk');
}

const desk = await open(true, { width: 1366, height: 768 });
/** A key of the desk page, and the page that answers it, with its script: a key that is pressed before is lost. @param {string} key */
async function press(key) {
    await Promise.all([desk.waitForEvent('framenavigated'), desk.keyboard.press(key)]);
    await desk.waitForLoadState('load');
}
await signInFirst(desk, addresses, clerks[0]);
await desk.goto(`${addresses.desk}/desk/clerks`);
await desk.locator('[name=name]').first().fill(clerks[1].name);
await desk.locator('[name=password]').first().fill(clerks[1].password);
await desk.locator('[name=again]').first().fill(clerks[1].password);
await desk.locator('main form').first().locator('button[type=submit]').click();
const second = await open(false, { width: 1366, height: 768 }); // this one without script
await signIn(second, clerks[1]);

/** @type {Page[]} */
const halls = [];
for (let i = 0; i < boards; ++i) {
    const board = await open(true, { width: 1920, height: 1080 });
    await board.goto(`${addresses.display}?token=${addresses.displayToken}`);
    halls.push(board);
}

// Both choose a place; a number is drawn, called, served.
await desk.goto(`${addresses.desk}/desk/place`);
await look(desk, 'places');
await desk.locator('section', { hasText: 'Schalter 3' }).getByRole('button', { name: 'Hier arbeiten' }).click();
await desk.waitForURL('**/desk/queue');
await second.goto(`${addresses.desk}/desk/place`);
await second.locator('section', { hasText: 'Schalter 1' }).getByRole('button', { name: 'Hier arbeiten' }).click();
await second.waitForURL('**/desk/queue');
const sign = await open(true, { width: 1080, height: 1920 });
await sign.goto(`${addresses.display}/desk/3?token=${addresses.displayToken}`);
await desk.locator('[name=word]').selectOption({ label: 'Bitte anklopfen' });
await desk.getByRole('button', { name: 'Anzeigen' }).click();
await sign.getByText('Please knock').waitFor(); // came by itself
await look(sign, 'sign');
const first = await draw('Ausweis, Pass und Meldewesen', { name: 'kiosk-number' });
must(first === 'B 001', `the first number is ${first}`);
await desk.getByRole('rowheader', { name: first }).waitFor(); // came by itself
await look(desk, 'desk-waiting');
/** @type {Promise<import('playwright-core').Response>[]} */
const voices = ['de', 'en'].map((language) => halls[0].waitForResponse(`**/display/speech/B001/${language}`));
let asked = 0;
for (const board of halls) board.on('request', (request) => (asked += Number(request.url() === addresses.display)));
const called = performance.now();
await press('n'); // one key calls the next
await Promise.all(halls.map((board) => board.getByRole('rowheader', { name: first }).waitFor()));
const spread = performance.now() - called;
must(asked === 0, 'a board asks for what the event has brought');
must(await halls[0].evaluate(async () => { // drawn from an event, it is what the page would be
    const fresh = await new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.open('GET', '/display');
        request.responseType = 'document';
        request.addEventListener('load', () => resolve(request.responseXML));
        request.send();
    });
    const rows = (/** @type {Document} */ of) => [...of.querySelectorAll('.board-calls tbody tr, [data-line]')];
    const [drawn, made] = [rows(document), rows(/** @type {Document} */ (fresh))];
    return drawn.length === made.length && drawn.every((row, place) => row.isEqualNode(made[place]));
}), 'a board that was drawn from an event differs from its page');
must(spread < 3000, `all boards show a call after ${spread.toFixed(0)} ms`);
for (const voice of voices) {
    const heard = await voice;
    must([200, 206].includes(heard.status()) && heard.headers()['content-type'] === 'audio/ogg', `a call sounds as ${heard.status()}`);
}
await look(halls[0], 'board');
await sign.getByText(first).waitFor();
await look(sign, 'sign-called');
must((await halls[0].locator('tbody tr').first().innerText()).includes('Schalter 3'), 'the board says where');
await press('s');
await desk.getByRole('button', { name: 'Fertig' }).waitFor();
await desk.locator('[name=note]').fill('fehlt noch: s und f'); // letters that are keys elsewhere
await desk.getByRole('button', { name: 'Notiz ablegen' }).click();
await desk.locator('.note', { hasText: 'fehlt noch: s und f' }).waitFor();
await look(desk, 'desk-serving');
await desk.locator('h1').click(); // out of what takes letters
await press('f');
await desk.getByRole('button', { name: 'Nächste Person rufen' }).waitFor();

// Nobody waits: said, and the page goes on following; so it does after a number that the desk gave out.
await press('n');
await desk.getByText('Zurzeit wartet niemand, den Sie bedienen können.').waitFor();
await desk.getByRole('button', { name: 'Nummer ausgeben' }).click();
const issued = (await desk.getByText(/Nummer . \d{3} wird gedruckt/).innerText()).slice(7, 12);
await desk.getByRole('rowheader', { name: issued }).waitFor();
await press('n');
await desk.getByRole('button', { name: 'Ist da' }).waitFor();
await press('s');
await desk.getByRole('button', { name: 'Fertig' }).waitFor();
await press('f');
await desk.getByRole('button', { name: 'Nächste Person rufen' }).waitFor();

// Without script, and without paper: the number is noted.
const third = await draw('Ausweis, Pass und Meldewesen', { script: false });
await control('act printer paper-end');
const noted = await draw('Parken und Verkehr', { note: true });
await control('act printer paper-new');
await second.goto(`${addresses.desk}/desk/queue`);
await second.getByRole('button', { name: 'Nächste Person rufen' }).click();
must(await second.locator('.queue-current', { hasText: third }).isVisible(), 'the next is called without script');
await halls[3].getByRole('rowheader', { name: third }).waitFor();

// The node dies; boards and desks come back by themselves, and nobody is lost.
execFileSync('sh', ['-c', `kill -9 $(cat '${addresses.stateDir}/run/node.pid')`]);
const fourth = await (async () => {
    for (let i = 0; i < 100; ++i) {
        const up = await fetch(`${addresses.kiosk}/health`).then((answer) => answer.ok, () => false);
        if (up) return draw('Parken und Verkehr');
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error('the node did not come back');
})();
must(fourth !== noted, 'no number is given twice');
await halls[5].getByText('2 Personen').waitFor(); // noted and fourth wait, also on a board that saw the death
must(await halls[5].getByRole('rowheader', { name: third }).isVisible(), 'who was called before is still called');
await desk.goto(`${addresses.desk}/desk/queue`);
if (desk.url().includes('sign-in') || (await desk.locator('[name=password]').count()) > 0) await signIn(desk, clerks[0]);
await desk.goto(`${addresses.desk}/desk/queue`);
must((await desk.getByRole('rowheader', { name: noted }).count()) === 1, 'the noted number waits');

if (figures) {
    // Event to pixel: from the press to the frame in which the last of the boards shows it.
    /** @type {number[]} */
    const times = [];
    await desk.goto(`${addresses.desk}/desk/place`);
    await desk.locator('section', { hasText: 'Zimmer 104' }).getByRole('button', { name: 'Hier arbeiten' }).click();
    for (let i = 0; i < 30; ++i) {
        const number = await draw('Gebühren zahlen');
        await desk.goto(`${addresses.desk}/desk/queue`);
        const row = desk.locator('tr', { hasText: number });
        // Told by the page itself: whoever asks sixteen pages again and again keeps the machine from showing anything.
        const shown = halls.map((board) => board.evaluate((wanted) => new Promise((resolve) => {
            const seen = new MutationObserver(() => {
                if (!document.querySelector('main')?.textContent?.includes(wanted)) return;
                seen.disconnect();
                requestAnimationFrame(() => resolve(Date.now()));
            });
            seen.observe(document.body, { childList: true, subtree: true });
        }), number));
        await Promise.all(halls.map((board) => board.evaluate(() => undefined))); // all of them watch
        const begin = await row.getByRole('button', { name: 'Rufen' }).evaluate((button) => {
            setTimeout(() => /** @type {HTMLElement} */ (button).click());
            return Date.now();
        });
        times.push(Math.max(...(await Promise.all(shown)).map(Number)) - begin);
        await desk.getByRole('button', { name: 'Ist da' }).click();
        await desk.getByRole('button', { name: 'Fertig' }).click();
    }
    times.sort((a, b) => a - b);
    console.log(JSON.stringify({ name: 'press to pixel, 16 boards', p50: times[15], p99: times[29] }));
}

await end(`numbers ${first}, ${third}, ${noted}, ${fourth}; ${boards} boards after ${spread.toFixed(0)} ms`);
