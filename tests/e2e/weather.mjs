// SPDX-License-Identifier: EUPL-1.2
//
// Bad weather over real processes: the gateway is gone for a while, then each process is killed (SIGKILL) in the middle of a
// citizen's journey and started again by ./amt run. Nothing acknowledged is lost, nothing is charged or sent twice.
//
// node tests/e2e/weather.mjs BUILD PORTS   (BUILD: folder under build/ with the programs)
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tellDevices } from './emulated.mjs';
import { Browser } from './http.mjs';

const [build, ports] = process.argv.slice(2);
const root = fileURLToPath(new URL('../..', import.meta.url));
const state = mkdtempSync(join(tmpdir(), 'amt-weather-'));
const patience = 150_000;

const pause = (/** @type {number} */ milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @param {unknown} condition @param {string} sentence */
function must(condition, sentence) {
    if (!condition) throw new Error(sentence);
}

/** @template T @param {string} what @param {() => Promise<T | undefined> | T | undefined} look @returns {Promise<T>} */
async function until(what, look) {
    const end = performance.now() + patience;
    while (performance.now() < end) {
        const found = await look();
        if (found !== undefined && found !== false) return /** @type {T} */ (found);
        await pause(150);
    }
    throw new Error(`still waiting for ${what}`);
}

/** @param {string} name */
const pid = (name) => Number(readFileSync(join(state, 'run', `${name}.pid`), 'utf8'));

/** Kills, and waits until another process stands in its place. @param {string} name */
async function kill(name) {
    const before = pid(name);
    process.kill(before, 'SIGKILL');
    await until(`${name} to be started again`, () => (pid(name) !== before ? true : undefined));
}

/**
 * A citizen who does not give up: reloads when nobody answers, goes where the node leads. `at` is told each page, once.
 * @param {any} addresses @param {string} plate @param {(path: string, visit: number) => Promise<void>} at
 * @returns {Promise<{ reference: string, paid: boolean, kept: boolean }>}
 */
async function citizen(addresses, plate, at) {
    const kiosk = new Browser(addresses.kiosk);
    const told = { reference: '', paid: false, kept: false };
    /** @type {import('./http.mjs').Page | undefined} */
    let page;
    let round = 0;
    const end = performance.now() + patience;
    while (performance.now() < end) {
        try {
            page ??= await kiosk.get(kiosk.cookies.size ? '/visit/form' : '/');
            if (page.status !== 200 && page.status !== 422) {
                // The visit is over: what was kept is kept, what was not is begun anew.
                must(page.status === 403 || page.status === 404 || page.status === 503, `${page.path} answered ${page.status}`);
                if (told.kept) return told;
                kiosk.cookies.clear();
                page = undefined;
                await pause(200);
                continue;
            }
            const here = page.path;
            if (here.startsWith('/visit/pay')) told.kept = true;
            await at(here, round++);
            switch (here) {
            case '/':
                page = await kiosk.get('/services');
                break;
            case '/services':
                page = await kiosk.submit(page, here, { service: '99108001001000' });
                break;
            case '/visit/notice':
            case '/visit/still-there':
            case '/visit/review':
                page = await kiosk.submit(page, here);
                break;
            case '/visit/card':
                page = await kiosk.submit(page, here, { pin: addresses.pin });
                break;
            case '/visit/card/problem':
                page = await kiosk.submit(page, '/visit/card/skip');
                break;
            case '/visit/form': {
                const form = page.form(here);
                /** @type {Record<string, string>} */
                const typed = { action: 'next' };
                /** @type {Record<string, string>} */
                const answers = {
                    plate, givenNames: 'Erika', familyNames: 'Mustermann', street: 'Heidestraße 17', postalCode: '51147', city: 'Köln',
                    dateOfBirth: '12.08.1984', 'dateOfBirth.day': '12', 'dateOfBirth.month': '08', 'dateOfBirth.year': '1984',
                };
                for (const [name, value] of Object.entries(answers)) if (name in form.fields) typed[name] = value;
                if (form.choices.zone) typed.zone = 'B';
                if (form.choices.digitalNotice) typed.digitalNotice = 'no';
                page = await kiosk.submit(page, here, typed);
                break;
            }
            case '/visit/pay':
                page = await kiosk.submit(page, here, { action: 'start' });
                break;
            case '/visit/card/reading':
            case '/visit/pay/running':
            case '/visit/pay/unresolved':
                await pause(300);
                page = await kiosk.get(here);
                break;
            case '/visit/done':
                told.reference = page.facts.Aktenzeichen ?? /class="number"><span>[^<]*<\/span><strong><bdi>([^<]+)/.exec(page.html)?.[1] ?? '';
                told.paid = true;
                await kiosk.submit(page, '/visit/end');
                return told;
            default:
                throw new Error(`${plate} came to ${here}: "${page.title}"`);
            }
        } catch (error) {
            const code = /** @type {any} */ (error).code;
            if (!['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code) && !String(error).includes('socket hang up') && !String(error).includes('no answer'))
                throw error;
            page = undefined; // nobody there: once more in a moment
            await pause(300);
        }
    }
    throw new Error(`${plate} is still at ${page?.path}`);
}

/** @param {any} addresses @param {string[]} plates */
function arrivals(addresses, plates) {
    const counts = new Map(plates.map((plate) => [plate, 0]));
    for (const folder of readdirSync(addresses.inbox)) {
        const file = join(addresses.inbox, folder, 'data.json');
        if (folder.startsWith('.') || !existsSync(file)) continue;
        const { plate } = JSON.parse(readFileSync(file, 'utf8')).values;
        counts.set(plate, (counts.get(plate) ?? 0) + 1);
    }
    return counts;
}

async function main() {
    const address = join(state, 'run', 'addresses.json');
    await until('the house', () => existsSync(address));
    const addresses = JSON.parse(readFileSync(address, 'utf8'));
    /** @type {string[]} */
    const plates = [];
    /** @type {{ plate: string, told: { reference: string, paid: boolean, kept: boolean } }[]} */
    const visits = [];

    // The gateway is gone: everything goes on, and the screen says what that means.
    writeFileSync(join(state, 'run', 'gateway.hold'), '');
    process.kill(pid('gateway'), 'SIGKILL');
    const probe = new Browser(addresses.kiosk);
    await until('the page to say that the portal is away', async () => {
        const page = await probe.get('/services');
        return /Verbindung/.test(page.text) ? true : undefined;
    });
    for (const plate of ['MS-W 1001', 'MS-W 1002']) {
        plates.push(plate);
        visits.push({ plate, told: await citizen(addresses, plate, async () => {}) });
    }
    must(visits.every(({ told }) => told.paid), 'a payment needs no gateway');
    must([...arrivals(addresses, plates).values()].every((count) => count === 0), 'nothing arrives without a gateway');
    rmSync(join(state, 'run', 'gateway.hold'));
    await until('both cases once the gateway is back', () => [...arrivals(addresses, plates).values()].every((count) => count === 1));
    console.log('  ok    without the gateway two citizens are served; with it both cases arrive once');

    // Each process dies once, at another page of the journey.
    const deaths = [
        ['node', '/visit/card/reading'], ['node', '/visit/form'], ['node', '/visit/review'], ['node', '/visit/pay'],
        ['node', '/visit/pay/running'], ['node', '/visit/done'], ['broker-eid', '/visit/card/reading'],
        ['broker-payment', '/visit/pay/running'], ['broker-printer', '/visit/done'], ['sync', '/visit/done'],
        ['gateway', '/visit/done'], ['subscriber', '/visit/done'],
    ];
    let number = 2000;
    for (const [name, where] of deaths) {
        const plate = `MS-K ${++number}`;
        let done = false;
        const told = await citizen(addresses, plate, async (path) => {
            if (path !== where || done) return;
            done = true;
            if (name === 'node' || name.startsWith('broker')) await kill(name);
            else kill(name).catch(() => {});
        });
        plates.push(plate);
        visits.push({ plate, told });
        console.log(`  ok    ${name} dies at ${where}: ${told.paid ? 'paid, ' + told.reference : told.kept ? 'kept for a clerk' : 'begun anew'}`);
    }

    // A clerk releases what a power cut left behind.
    const desk = new Browser(addresses.desk, addresses.deskCa);
    let page = await desk.get('/desk/first');
    const word = 'Der Igel liest am Dienstag Akten';
    page = await desk.submit(page, '/desk/first', { code: addresses.clerkCode, name: 'Petra Amt', password: word, again: word });
    if (page.path === '/desk/paper') page = await desk.submit(page, '/desk/paper', { kept: 'yes' });
    await until('every case at the office', async () => {
        page = await desk.get('/desk');
        for (const [, address] of page.html.matchAll(/href="(\/desk\/cases\/[0-9a-f-]{36})"/g)) {
            const open = await desk.get(address);
            const release = open.forms.find((form) => form.action === `${address}/release`);
            if (release) await desk.submit(open, `${address}/release`, { reason: 'Strom war weg' });
        }
        const counts = arrivals(addresses, plates);
        return visits.every(({ plate, told }) => !told.kept || counts.get(plate) === 1) ? true : undefined;
    });
    const counts = arrivals(addresses, plates);
    for (const [plate, count] of counts) must(count <= 1, `${plate} arrived ${count} times`);
    console.log(`  ok    ${[...counts.values()].filter((count) => count === 1).length} cases arrived, each once`);

    const { charges } = await tellDevices(addresses.control, 'charges');
    const standing = charges.filter((/** @type {any} */ charge) => !charge.reversed).length;
    let paid = 0;
    page = await desk.get('/desk');
    for (const address of new Set([...page.html.matchAll(/href="(\/desk\/cases\/[0-9a-f-]{36})"/g)].map(([, found]) => found))) {
        const open = await desk.get(address);
        if (open.facts['Stand der Zahlung'] === 'Bezahlt mit Karte') ++paid;
    }
    must(paid === standing, `the terminal took ${standing} charges, the desk knows ${paid} paid cases`);
    console.log(`  ok    ${standing} charges, ${paid} paid cases`);
    desk.close();
    probe.close();
}

if (!existsSync(join(root, 'node_modules', 'parse5')) || !existsSync('/usr/sbin/pcscd') || process.getuid?.() !== 0) {
    console.log('SKIPPED: e2e_weather: needs node_modules, pcscd and root');
    process.exit(77);
}
const town = spawn(join(root, 'amt'), ['run', '--state', state, '--ports', ports], {
    env: { ...process.env, AMT_BUILD: build }, stdio: ['ignore', 'pipe', 'inherit'],
});
town.stdout.on('data', (part) => process.env.AMT_TALK && process.stdout.write(part));
let status = 0;
try {
    await main();
} catch (error) {
    console.log(`  FAIL  ${error instanceof Error ? error.stack : error}\n        logs: ${state}/log`);
    status = 1;
}
const over = new Promise((resolve) => town.on('exit', resolve));
town.kill('SIGINT');
await over;
if (status === 0) rmSync(state, { recursive: true, force: true });
process.exit(status);
