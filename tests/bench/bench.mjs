// SPDX-License-Identifier: EUPL-1.2
//
// ./amt bench: the figures as a table, and with --json FILE as rows {name, value, unit, peer, peer_value, ratio, goal, met}.
// amt-bench measures inside one process; what needs a running town is measured here.
//
// node tests/bench/bench.mjs BIN [seal|commit|card|eid|calendar|queue|town|gateway] [--json FILE]
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Browser } from '../e2e/http.mjs';

const [bin, ...rest] = process.argv.slice(2);
const jsonAt = rest.indexOf('--json');
const jsonFile = jsonAt >= 0 ? rest.splice(jsonAt, 2)[1] : undefined;
const only = rest[0];
const root = fileURLToPath(new URL('../..', import.meta.url));

/** @typedef {{ name: string, value: number, unit: string, peer: string | null, peer_value: number | null, ratio: number | null, goal: number | null, met: boolean | null }} Row */
/** @type {Row[]} */
const rows = [];

/** @param {string} name @param {number} value @param {string} unit @param {number | null} goal lower is better */
const row = (name, value, unit, goal = null) =>
    rows.push({ name, value, unit, peer: null, peer_value: null, ratio: null, goal, met: goal === null ? null : value <= goal });

const pause = (/** @type {number} */ milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const quantile = (/** @type {number[]} */ values, /** @type {number} */ share) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)];

/** Time of one GET, or nothing when nobody answers. @param {string} address @param {http.Agent} agent @returns {Promise<number | undefined>} */
function get(address, agent) {
    const begin = performance.now();
    return new Promise((resolve) => {
        const request = http.get(address, { agent }, (response) => {
            response.resume();
            response.on('end', () => resolve(performance.now() - begin));
        });
        request.on('error', () => resolve(undefined));
    });
}

/** Resident memory in MiB. @param {number} pid */
const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

async function town() {
    const state = mkdtempSync(join(tmpdir(), 'amt-bench-'));
    const house = spawn(join(root, 'amt'), ['run', '--state', state, '--ports', '38080'],
        { env: { ...process.env, AMT_BUILD: basename(dirname(bin)) }, stdio: ['ignore', 'ignore', 'inherit'] });
    const over = new Promise((resolve) => house.on('exit', resolve));
    try {
        const file = join(state, 'run', 'addresses.json');
        for (let i = 0; i < 600 && !existsSync(file); ++i) await pause(100);
        const addresses = JSON.parse(readFileSync(file, 'utf8'));
        const pid = (/** @type {string} */ name) => Number(readFileSync(join(state, 'run', `${name}.pid`), 'utf8'));
        await pause(1000);

        // Start to first answer: held back, killed, started here, asked until it answers.
        /** @type {number[]} */
        const starts = [];
        const command = readFileSync(`/proc/${pid('node')}/cmdline`, 'utf8').split('\0').slice(0, -1);
        writeFileSync(join(state, 'run', 'node.hold'), '');
        process.kill(pid('node'), 'SIGKILL');
        for (let i = 0; i < 9; ++i) {
            await pause(300);
            const agent = new http.Agent();
            const begin = performance.now();
            const node = spawn(command[0], command.slice(1), { stdio: 'ignore' });
            while ((await get(`${addresses.kiosk}/health`, agent)) === undefined) await pause(1);
            starts.push(performance.now() - begin);
            node.kill('SIGTERM');
            await new Promise((resolve) => node.on('exit', resolve));
        }
        rmSync(join(state, 'run', 'node.hold'));
        row('node: start to first answer', quantile(starts, 0.5), 'ms p50', 100);
        for (let i = 0; i < 100 && (await get(`${addresses.kiosk}/health`, new http.Agent())) === undefined; ++i) await pause(100);

        // Eight screens that ask for pages as fast as they are answered.
        /** @type {number[]} */
        const times = [];
        await Promise.all(Array.from({ length: 8 }, async () => {
            const agent = new http.Agent({ keepAlive: true });
            for (let i = 0; i < 300; ++i) times.push((await get(`${addresses.kiosk}${i % 2 ? '/services' : '/'}`, agent)) ?? Infinity);
            agent.destroy();
        }));
        row('page time, 8 screens', quantile(times, 0.5), 'ms p50');
        row('page time, 8 screens', quantile(times, 0.99), 'ms p99');

        // The cases of a busy hour, to be paid at the desk, as fast as it goes.
        const begin = performance.now();
        for (let i = 0; i < 35; ++i) {
            const kiosk = new Browser(addresses.kiosk);
            let page = await kiosk.get('/services');
            page = await kiosk.submit(page, '/services', { service: '99108001001000' });
            page = await kiosk.submit(page, '/visit/notice');
            page = await kiosk.submit(page, '/visit/card', { pin: addresses.pin });
            while (page.path === '/visit/card/reading') {
                await pause(20);
                page = await kiosk.get('/visit/card/reading');
            }
            while (page.path === '/visit/form') {
                const form = page.form('/visit/form');
                page = await kiosk.submit(page, '/visit/form', {
                    action: 'next', ...('plate' in form.fields && { plate: `MS-B ${1000 + i}` }), ...(form.choices.zone && { zone: 'B' }),
                    ...(form.choices.digitalNotice && { digitalNotice: 'no' }),
                });
            }
            page = await kiosk.submit(page, '/visit/review');
            page = await kiosk.submit(page, '/visit/pay', { action: 'desk' });
            if (page.path !== '/visit/done') throw new Error(`came to ${page.path}`);
            await kiosk.submit(page, '/visit/end');
            kiosk.close();
        }
        row('35 cases with card reading', (performance.now() - begin) / 1000, 's');
        await pause(3000);
        for (const name of ['node', 'sync', 'gateway', 'broker-eid', 'broker-payment', 'broker-printer', 'broker-scanner', 'subscriber'])
            row(`resident memory after 35 cases: ${name}`, resident(pid(name)), 'MiB', name === 'node' ? 40 : null);
    } finally {
        house.kill('SIGINT');
        await over;
        rmSync(state, { recursive: true, force: true });
    }
}

if (!['town', 'gateway', 'eid'].includes(only ?? '')) {
    const lines = execFileSync(join(bin, 'amt-bench'), only ? [only] : [], { encoding: 'utf8' }).trim().split('\n');
    rows.push(...lines.map((line) => JSON.parse(line)));
}
if (only === undefined || only === 'seal') {
    const speed = execFileSync('openssl', ['speed', '-seconds', '1', 'rsa4096'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const perSecond = Number(/rsa 4096 bits\s+\S+\s+\S+\s+\S+\s+(\S+)/.exec(speed)?.[1]);
    const seal = rows.find((each) => each.name === 'seal 16 KiB');
    if (seal && perSecond)
        rows.push({ ...seal, name: 'seal 16 KiB, beside openssl speed', peer: 'openssl speed rsa4096, public operation', peer_value: perSecond, ratio: seal.value / perSecond, goal: null, met: null });
}
/** Rows that a program prints; none where it says that it cannot run here. @param {string} program @param {string[]} words @param {object} more */
const rowsOf = (program, words, more = {}) => {
    const text = execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...more } }).trim();
    return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line));
};
if (only === undefined || only === 'eid') rows.push(...rowsOf(join(bin, 'amt-bench-eid'), []));
if (only === undefined || only === 'town') await town();
if (only === undefined || only === 'gateway')
    rows.push(...rowsOf(join(root, 'tests/gateway/with_postgres.sh'), [join(bin, 'amt-bench-gateway'), join(bin, 'amt-gateway')], { AMT_TEST_POSTGRES_FSYNC: 'on' }));

const number = (/** @type {number | null} */ value) => (value === null ? '' : value >= 100 ? value.toFixed(0) : value.toPrecision(3));
console.log(['name'.padEnd(54), 'value'.padStart(9), 'unit'.padEnd(12), 'ratio'.padStart(7), 'goal'.padStart(6), 'met  peer'].join('  '));
for (const each of rows)
    console.log([each.name.padEnd(54), number(each.value).padStart(9), each.unit.padEnd(12), number(each.ratio).padStart(7), number(each.goal).padStart(6),
        `${each.met === null ? '   ' : each.met ? 'yes' : 'NO '}  ${each.peer ?? ''}`].join('  '));
if (jsonFile) writeFileSync(jsonFile, `${JSON.stringify(rows, null, 1)}\n`);
