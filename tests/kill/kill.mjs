// SPDX-License-Identifier: EUPL-1.2
//
// kill -9 of the real processes under load: citizens fill in forms by HTTP while amt-node, amt-sync, amt-gateway and the
// subscriber die at random moments and are started again. Whatever a citizen was told is done arrives at its office, once.
//
// node tests/kill/kill.mjs BIN [--times N] [--ports N] [--seed N]   (BIN: folder of the programs)
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
if (!existsSync(join(root, 'node_modules', 'parse5'))) {
    console.log('SKIPPED: kill: needs node_modules (npm ci)');
    process.exit(77);
}
const { Browser } = await import('../e2e/http.mjs');

const bin = resolve(process.argv[2]);
/** @param {string} name @param {number} missing */
const option = (name, missing) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? missing : Number(process.argv[at + 1]);
};
const times = option('times', 100);
const ports = option('ports', 28580);
const seed = option('seed', Date.now() % 1_000_000);
const citizens = 2;
const drainSeconds = 120;
const service = '99108001001000';

const pause = (/** @type {number} */ milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
let chance = seed;
/** Repeatable: the choice of victims and moments, not what they were doing. @param {number} below */
const random = (below) => {
    chance = (Math.imul(chance, 1664525) + 1013904223) >>> 0;
    return Math.floor((chance / 2 ** 32) * below);
};

// --- the house ----------------------------------------------------------------------------------------------------------------

const state = mkdtempSync(join(tmpdir(), 'amt-kill-'));
const at = (/** @type {string[]} */ ...names) => join(state, ...names);
const url = `https://127.0.0.1:${ports + 2}`;
/** @type {string[]} */
const wrongs = [];

function setUp() {
    for (const name of ['node', 'gateway', 'inbox', 'run', 'log']) mkdirSync(at(name), { mode: 0o700 });
    execFileSync(join(bin, 'amt-gateway'), ['init', '--state', at('gateway'), '--url', url], { stdio: ['ignore', 'ignore', 'pipe'] });
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=desk',
        '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', at('node', 'desk.key'), '-out', at('node', 'desk.pem')], { stdio: 'ignore' });
    writeFileSync(at('node', 'display.token'), '0123456789abcdef0123456789abcdef\n', { mode: 0o600 });
    // A service without a fee: its case is on its way as soon as it is submitted.
    cpSync(join(root, 'config', 'municipality'), at('municipality'), { recursive: true });
    const file = at('municipality', 'services', `${service}-bewohnerparkausweis.json`);
    const described = JSON.parse(readFileSync(file, 'utf8'));
    described.fees = [{ from: '2020-01-01', cents: 0 }];
    writeFileSync(file, JSON.stringify(described));
    const said = execFileSync(join(bin, 'amt-node'), ['init', '--state', at('node'), '--quota-pages', '65536', '--enrolment', at('gateway', 'node-enrolment.json')],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return /first-clerk-code: (\S+)/.exec(said)?.[1] ?? '';
}

/** @type {Record<string, string[]>} */
const programs = {
    node: ['amt-node', 'serve', '--state', at('node'), '--run', at('run'), '--kiosk-port', String(ports), '--desk-port', String(ports + 1), '--peer-uid',
        String(process.getuid?.()), '--source', root, '--municipality', at('municipality'), '--quota-pages', '65536', '--second-factor', 'none'],
    gateway: ['amt-gateway', 'serve', '--state', at('gateway'), '--port', String(ports + 2)],
    subscriber: ['amt-gateway', 'subscribe', '--state', at('gateway'), '--inbox', at('inbox')],
    sync: ['amt-sync', '--node-socket', at('run', 'sync.sock'), '--node-uid', String(process.getuid?.()), '--enrolment', at('gateway', 'sync-enrolment.json'),
        '--probe-seconds-max', '2'],
};
/** @type {Record<string, import('node:child_process').ChildProcess>} */
const running = {};
let closing = false;

/** @param {string} name */
function start(name) {
    const [program, ...words] = programs[name];
    const log = openSync(at('log', `${name}.log`), 'a', 0o600);
    const child = spawn(join(bin, program), words, { stdio: ['ignore', log, log] });
    running[name] = child;
    child.on('exit', (code, signal) => {
        if (signal !== 'SIGKILL' && !closing) wrongs.push(`${name} ended by itself: ${code ?? signal}`);
        if (!closing) start(name);
    });
}

// --- the citizens -------------------------------------------------------------------------------------------------------------

/** What became of each plate: "told" that it is done, "unsure" when the answer was cut off, "given up" before. @type {Map<string, string>} */
const plates = new Map();
let number = 0;
let storm = true;

/** @param {unknown} error */
const isSilence = (error) => ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(/** @type {any} */ (error).code) || /socket hang up|no answer/.test(String(error));

/** One visit, from the first page to the last or to where it breaks. @param {string} plate */
async function visit(plate) {
    const kiosk = new Browser(`http://127.0.0.1:${ports}`);
    plates.set(plate, 'given up');
    /** @type {import('../e2e/http.mjs').Page | undefined} */
    let page;
    for (let silences = 0; ;) {
        try {
            page ??= await kiosk.get(kiosk.cookies.size ? '/visit/form' : '/services');
            if (page.status !== 200 && page.status !== 422) return kiosk.close(); // the visit went with the process
            const here = page.path;
            if (here === '/visit/done') {
                plates.set(plate, 'told');
                await kiosk.submit(page, '/visit/end').catch(() => {});
                return kiosk.close();
            }
            if (here === '/services') {
                page = await kiosk.submit(page, here, { service });
            } else if (here === '/visit/card' || here === '/visit/card/problem') {
                page = page.forms.some((form) => form.action === '/visit/card/skip') ? await kiosk.submit(page, '/visit/card/skip')
                    : await kiosk.submit(page, here, { pin: '123456' });
            } else if (here === '/visit/form') {
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
            } else if (here === '/visit/notice' || here === '/visit/still-there') {
                page = await kiosk.submit(page, here);
            } else if (here === '/visit/review') {
                plates.set(plate, 'unsure');
                page = await kiosk.submit(page, here);
            } else if (here === '/visit/card/reading') {
                await pause(50);
                page = await kiosk.get(here);
            } else {
                return kiosk.close(); // the first page: the visit is over
            }
        } catch (error) {
            if (!isSilence(error) || ++silences > 200) throw error;
            page = undefined; // nobody there: once more in a moment
            await pause(50);
        }
    }
}

async function citizen() {
    while (storm) {
        await visit(`MS-K ${1000 + number++}`);
        await pause(150);
    }
}

// --- the judge ----------------------------------------------------------------------------------------------------------------

/** Cases at the office by plate. */
function arrivals() {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const folder of readdirSync(at('inbox'))) {
        const file = at('inbox', folder, 'data.json');
        if (folder.startsWith('.') || !existsSync(file)) continue;
        const { plate } = JSON.parse(readFileSync(file, 'utf8')).values;
        counts.set(plate, (counts.get(plate) ?? 0) + 1);
    }
    return counts;
}

/** @param {string} code */
async function clerk(code) {
    const desk = new Browser(`https://127.0.0.1:${ports + 1}`, at('node', 'desk.pem'));
    const word = 'Der Igel liest am Dienstag Akten';
    for (let i = 0; i < 200 && !(await desk.get('/health').catch(() => undefined)); ++i) await pause(100); // the last kill may have been the node's
    let page = await desk.get('/desk/first');
    page = await desk.submit(page, '/desk/first', { code, name: 'Petra Amt', password: word, again: word });
    if (page.path === '/desk/paper') await desk.submit(page, '/desk/paper', { kept: 'yes' });
    return desk;
}

/** Releases what lost its plain text to a kill. @param {InstanceType<typeof Browser>} desk */
async function releaseHeld(desk) {
    let released = 0;
    const page = await desk.get('/desk');
    for (const address of new Set([...page.html.matchAll(/href="(\/desk\/cases\/[0-9a-f-]{36})"/g)].map(([, found]) => found))) {
        const open = await desk.get(address);
        if (!open.forms.some((form) => form.action === `${address}/release`)) continue;
        await desk.submit(open, `${address}/release`, { reason: 'Strom war weg' });
        ++released;
    }
    return released;
}

async function main() {
    const code = setUp();
    for (const name of Object.keys(programs)) start(name);
    for (let i = 0; i < 200; ++i) {
        if (await new Browser(`http://127.0.0.1:${ports}`).get('/health').catch(() => undefined)) break;
        await pause(100);
    }
    const begin = performance.now();
    const load = Array.from({ length: citizens }, citizen);
    /** @type {Record<string, number>} */
    const killed = {};
    const order = ['node', 'sync', 'gateway', 'node', 'sync', 'gateway', 'node', 'subscriber'];
    for (let i = 0; i < times; ++i) {
        await pause(150 + random(500));
        const name = order[random(order.length)];
        killed[name] = (killed[name] ?? 0) + 1;
        running[name].kill('SIGKILL');
    }
    storm = false;
    await Promise.all(load);
    const seconds = (performance.now() - begin) / 1000;
    // A carrier that begins anew waits for nothing.
    running.sync.kill('SIGKILL');
    const desk = await clerk(code);
    let released = 0;
    const end = performance.now() + drainSeconds * 1000;
    const missing = () => {
        const counts = arrivals();
        return [...plates].filter(([plate, what]) => what === 'told' && !counts.has(plate)).map(([plate]) => plate);
    };
    while (missing().length > 0 && performance.now() < end) {
        released += await releaseHeld(desk);
        await pause(1000);
    }
    const drained = (performance.now() - begin) / 1000 - seconds;
    await pause(2000); // for what should not come
    desk.close();

    for (const plate of missing()) wrongs.push(`${plate} was told that it is done, and is nowhere`);
    for (const [plate, count] of arrivals()) {
        if (count > 1) wrongs.push(`${plate} arrived ${count} times`);
        if (!['told', 'unsure'].includes(plates.get(plate) ?? '')) wrongs.push(`${plate} arrived, and nobody sent it`);
    }
    // The judge asks the gateway's database by another program than ours.
    const twice = execFileSync('python3', ['-c', `
import sqlite3, sys
books = sqlite3.connect(sys.argv[1])
for row in books.execute("SELECT envelope_id, count(*) FROM submission WHERE digest IS NOT NULL GROUP BY envelope_id HAVING count(*) > 1"): print("submitted twice:", row[0])
for row in books.execute("SELECT submission_id, kind FROM event GROUP BY submission_id, kind HAVING count(*) > 1"): print("logged twice:", *row)
`, (() => { closing = true; for (const child of Object.values(running)) child.kill('SIGKILL'); return join(at('gateway'), readdirSync(at('gateway')).find((name) => name.endsWith('.db')) ?? ''); })()], { encoding: 'utf8' });
    wrongs.push(...twice.split('\n').filter(Boolean));

    const of = (/** @type {string} */ what) => [...plates.values()].filter((each) => each === what).length;
    console.log(`  ${times} kills in ${seconds.toFixed(0)} s (${Object.entries(killed).map(([name, count]) => `${name} ${count}`).join(', ')}), seed ${seed}`);
    console.log(`  ${of('told')} citizens were told that it is done, ${of('unsure')} saw no answer, ${of('given up')} visits broke off before`);
    console.log(`  ${[...arrivals().values()].length} cases arrived ${drained.toFixed(0)} s after the last kill, ${released} released by a clerk`);
}

let status = 0;
try {
    await main();
} catch (error) {
    wrongs.push(error instanceof Error ? error.stack ?? error.message : String(error));
}
closing = true;
for (const child of Object.values(running)) child.kill('SIGKILL');
for (const wrong of wrongs) {
    console.log(`  FAIL  ${wrong}`);
    status = 1;
}
if (status === 0) {
    console.log('  none lost, none doubled');
    rmSync(state, { recursive: true, force: true });
} else {
    console.log(`  logs: ${at('log')}`);
}
process.exit(status);
