// SPDX-License-Identifier: EUPL-1.2
//
// A clerk signs in by an identity provider, in Chromium: node and amt-sync as real processes, the npm package oidc-provider as the town's
// provider. Bind, sign in, open the key; a wrong nonce, a used answer, a provider that is down, a key that nobody has pinned.
//
// node tests/e2e/provider.mjs BUILD PORTS [PICTURES]
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [build, ports, pictures] = process.argv.slice(2);
const root = fileURLToPath(new URL('../..', import.meta.url));
if (!existsSync(join(root, 'node_modules', 'oidc-provider')) || !existsSync(join(root, 'node_modules', 'playwright-core')) || !existsSync('/usr/bin/chromium')) {
    console.log('SKIPPED: e2e_provider: needs node_modules and Chromium');
    process.exit(77);
}
// What the provider wants to tell a developer has no place here.
console.warn = () => {};
console.info = () => {};
// @ts-ignore: the package brings no types
const { default: Provider } = await import('oidc-provider');
const { exportJWK, generateKeyPair } = await import('jose');
const { must, stage } = await import('./stage.mjs');

const first = Number(ports);
const [kioskPort, deskPort, providerPort] = [first, first + 1, first + 2];
// A desk with a name, as in a town: a redirect address has one. What ends with .localhost is this machine (RFC 6761).
const deskName = 'desk.musterstadt.localhost';
const desk = `https://${deskName}:${deskPort}`;
const issuer = `https://127.0.0.1:${providerPort}`;
const redirectUri = `${desk}/desk/provider/back`;
const lead = { name: 'Ayşe Öztürk', password: 'Der Igel liest am Dienstag Akten' };
const lena = { name: 'Lena Lang', password: 'Die Amsel zählt am Freitag Stempel' };
const state = mkdtempSync(join(tmpdir(), 'amt-provider-'));
const bin = join(root, 'build', build, 'bin');
for (const folder of ['node', 'run', 'log']) mkdirSync(join(state, folder), { mode: 0o700 });

/** @param {string} program @param {string[]} args */
function run(program, args) {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    must(status === 0, `${program} ${args[0]}: ${stderr}`);
    return stdout;
}

/** A certificate of its own for this machine. @param {string} name */
function certificate(name) {
    run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
        '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', join(state, `${name}.key`), '-out', join(state, `${name}.pem`)]);
}

/** A signing key of the provider. @param {string} kid */
async function signingKey(kid) {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
    const marks = { kid, alg: 'RS256', use: 'sig' };
    return { pinned: { ...(await exportJWK(publicKey)), ...marks }, secret: { ...(await exportJWK(privateKey)), ...marks } };
}

/** The line between amt-sync and the provider is cut. */
let tokensGone = false;

/** The provider on its port, with one key. @param {any} secret */
async function startProvider(secret) {
    const provider = new Provider(issuer, {
        clients: [{ client_id: 'amtsstube', client_secret: 'ein Geheimnis: +%25&', redirect_uris: [redirectUri], response_types: ['code'],
            grant_types: ['authorization_code'], token_endpoint_auth_method: 'client_secret_basic' }],
        jwks: { keys: [secret] },
        pkce: { required: () => true },
        features: { devInteractions: { enabled: true } },
        findAccount: (/** @type {any} */ _ctx, /** @type {string} */ id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
        cookies: { keys: ['only for this test'] },
    });
    const answer = provider.callback();
    const server = createServer({ key: readFileSync(join(state, 'provider.key')), cert: readFileSync(join(state, 'provider.pem')) }, (request, response) => {
        if (tokensGone && request.url?.startsWith('/token')) request.socket.destroy();
        else answer(request, response);
    });
    await new Promise((resolve) => server.listen(providerPort, '127.0.0.1', () => resolve(undefined)));
    return server;
}

/** @param {import('node:https').Server} server */
const stopProvider = (server) => new Promise((resolve) => { server.close(() => resolve(undefined)); server.closeAllConnections(); });

/** @param {string} path @param {number} seconds */
async function comes(path, seconds) {
    for (let i = 0; i < seconds * 10 && !existsSync(path); ++i) await new Promise((resolve) => setTimeout(resolve, 100));
    must(existsSync(path), `${path} did not come up`);
}

certificate('provider');
run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=desk',
    '-addext', `subjectAltName=DNS:${deskName}`, '-keyout', join(state, 'node', 'desk.key'), '-out', join(state, 'node', 'desk.pem')]);
writeFileSync(join(state, 'node', 'display.token'), 'only for this test', { mode: 0o600 });
const one = await signingKey('one');
const two = await signingKey('two');
writeFileSync(join(state, 'node-provider.json'), JSON.stringify({ format: 1, id: 'stadt', name: 'Stadtkonto', issuer, authorizationEndpoint: `${issuer}/auth`,
    clientId: 'amtsstube', redirectUri, saysIssuer: true, keys: { keys: [one.pinned] } }));
writeFileSync(join(state, 'sync-provider.json'), JSON.stringify({ format: 1, id: 'stadt', tokenEndpoint: `${issuer}/token`,
    caCertificate: readFileSync(join(state, 'provider.pem'), 'utf8'), clientId: 'amtsstube', clientSecret: 'ein Geheimnis: +%25&', redirectUri }));
// No portal: signing in does not wait for one.
writeFileSync(join(state, 'enrolment.json'), JSON.stringify({ format: 1, url: 'https://127.0.0.1:9', caCertificate: readFileSync(join(state, 'provider.pem'), 'utf8'),
    clientId: '0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10', clientSecret: 'nobody' }));

const code = /^first-clerk-code: (.*)$/m.exec(run(join(bin, 'amt-node'), ['init', '--state', join(state, 'node'), '--quota-pages', '32768']))?.[1] ?? '';
const uid = String(process.getuid?.());
const logs = /** @type {string[]} */ ([]);
/** @param {string} name @param {string[]} args */
function start(name, args) {
    const process_ = spawn(join(bin, name), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [process_.stdout, process_.stderr]) stream.on('data', (text) => logs.push(`${name}: ${text}`));
    return process_;
}
const node = start('amt-node', ['serve', '--state', join(state, 'node'), '--run', join(state, 'run'), '--kiosk-port', String(kioskPort), '--desk-port', String(deskPort),
    '--peer-uid', uid, '--source', root, '--quota-pages', '32768', '--second-factor', 'none', '--desk-names', deskName, '--identity-provider', join(state, 'node-provider.json')]);
await comes(join(state, 'run', 'sync.sock'), 60);
const sync = start('amt-sync', ['--node-socket', join(state, 'run', 'sync.sock'), '--node-uid', uid, '--enrolment', join(state, 'enrolment.json'),
    '--identity-provider', join(state, 'sync-provider.json')]);
let provider = await startProvider(one.secret);
const play = await stage(pictures);
const wide = { width: 1280, height: 900 };
let steps = 0;
/** @param {string} what */
const done = (what) => { ++steps; console.log(`  ${what}`); };

/** At the provider: the name, any password, and yes. @param {import('playwright-core').Page} page @param {string} login */
async function sayYes(page, login) {
    await page.locator('[name=login]').fill(login);
    await page.locator('[name=password]').fill('whatever the provider asks');
    await page.locator('button[type=submit]').click();
    await page.locator('button[type=submit]').click();
}

/** From the desk's button to the end of the way. @param {import('playwright-core').Page} page @param {string} login */
async function arrive(page, login) {
    await page.goto(`${desk}/desk/sign-in`);
    await page.getByRole('link', { name: 'Anmelden mit Stadtkonto' }).click();
    await page.waitForURL(`${issuer}/**`);
    await sayYes(page, login);
    await page.waitForURL((url) => url.href.startsWith(desk) && url.pathname !== '/desk/provider/back');
    await page.locator('h1').waitFor();
}

try {
    const leader = await play.open(true, wide);
    await leader.goto(`${desk}/desk/first`);
    for (const [field, value] of [['code', code], ['name', lead.name], ['password', lead.password], ['again', lead.password]])
        await leader.locator(`[name=${field}]`).fill(value);
    await leader.locator('main button[type=submit]').click();
    await leader.waitForURL('**/desk/paper');
    await leader.locator('[name=kept]').check();
    await leader.locator('main button[type=submit]').click();
    await leader.goto(`${desk}/desk/clerks`);
    const form = leader.locator('form[action="/desk/clerks"]');
    for (const [field, value] of [['name', lena.name], ['password', lena.password], ['again', lena.password]])
        await form.locator(`[name=${field}]`).fill(value);
    await form.locator('button[type=submit]').click();
    await leader.getByRole('link', { name: lena.name }).click();
    await leader.getByRole('button', { name: 'Code zum Verknüpfen erzeugen' }).click();
    const binding = (await leader.locator('.paper-code bdi').textContent()) ?? '';
    must(binding.length === 29, `a binding code: ${binding}`);
    await play.look(leader, 'binding-code');
    done('the lead makes a binding code');

    const page = await play.open(true, wide);
    await page.goto(`${desk}/desk/sign-in`);
    await play.look(page, 'sign-in');
    await arrive(page, 'lena@stadt');
    must((await page.locator('h1').textContent()) === 'Zugang verknüpfen', 'nobody is bound yet');
    await play.look(page, 'bind');
    await page.locator('[name=code]').fill(binding);
    await page.locator('[name=password]').fill('ein falsches Kennwort');
    await page.locator('main button[type=submit]').click();
    await play.look(page, 'bind-refused');
    await page.locator('[name=code]').fill(binding);
    await page.locator('[name=password]').fill(lena.password);
    await page.locator('main button[type=submit]').click();
    await page.waitForURL(`${desk}/desk`);
    done('Lena binds her account and is in');

    for (const script of [true, false]) {
        const again = await play.open(script, wide);
        await arrive(again, 'lena@stadt');
        await again.waitForURL(`${desk}/desk`);
        must(await again.getByText('Der Schlüssel des Arbeitsplatzes ist nicht geöffnet').isVisible(), 'the provider opens no case');
        await again.getByRole('link', { name: 'Schlüssel öffnen' }).click();
        if (script) await play.look(again, 'open-key'); // axe needs it
        await again.locator('[name=password]').fill(lena.password);
        await again.locator('main button[type=submit]').click();
        await again.waitForURL(`${desk}/desk`);
        must(!(await again.getByText('Der Schlüssel des Arbeitsplatzes ist nicht geöffnet').isVisible()), 'her password opens the key');
        await again.context().close();
    }
    done('by the provider again, with and without script; the key opens by her password');

    // A used answer: the same address once more.
    const replay = await play.open(true, wide);
    let back = '';
    replay.on('request', (request) => { if (request.url().startsWith(redirectUri)) back = request.url(); });
    await arrive(replay, 'lena@stadt');
    await replay.waitForURL(`${desk}/desk`);
    const thief = await play.open(true, wide);
    await thief.goto(back);
    must((await thief.locator('h1').textContent()) === 'Diese Anmeldung gilt nicht mehr', 'a used answer counts nowhere else');
    await replay.goto(back);
    must((await replay.locator('h1').textContent()) === 'Diese Anmeldung gilt nicht mehr', 'a used answer counts once');
    await play.look(thief, 'lost');
    done('a used answer is refused');

    // Another nonce than the one that we have sent.
    const liar = await play.open(true, wide);
    let sent = '';
    liar.on('request', (request) => { if (request.url().startsWith(`${issuer}/auth?`)) sent ||= request.url(); });
    await liar.goto(`${desk}/desk/sign-in`);
    await liar.getByRole('link', { name: 'Anmelden mit Stadtkonto' }).click();
    await liar.waitForURL(`${issuer}/**`);
    const changed = new URL(sent);
    changed.searchParams.set('nonce', 'somebody-elses');
    await liar.goto(changed.href);
    await sayYes(liar, 'lena@stadt');
    await liar.getByText('Anmeldung nicht angenommen').waitFor();
    await play.look(liar, 'refused');
    done('another nonce is refused');

    // The provider signs with a key that nobody has pinned.
    await stopProvider(provider);
    provider = await startProvider(two.secret);
    const rotated = await play.open(true, wide);
    await arrive(rotated, 'lena@stadt');
    await rotated.getByText('Anmeldung nicht angenommen').waitFor();
    done('a key that is not pinned is refused');

    // It goes away while somebody is on the way back.
    const alone = await play.open(true, wide);
    await alone.goto(`${desk}/desk/sign-in`);
    await alone.getByRole('link', { name: 'Anmelden mit Stadtkonto' }).click();
    await alone.waitForURL(`${issuer}/**`);
    tokensGone = true;
    await sayYes(alone, 'lena@stadt');
    await alone.getByText('Stadtkonto antwortet nicht').waitFor();
    await play.look(alone, 'not-reachable');
    await alone.getByRole('link', { name: 'Zur Anmeldung' }).click();
    await alone.locator('[name=name]').fill(lena.name);
    await alone.locator('[name=password]').fill(lena.password);
    await alone.locator('main button[type=submit]').click();
    await alone.waitForURL(`${desk}/desk`);
    done('the provider is down: the password still lets her in');

    const all = logs.join('');
    for (const secret of [lena.password, binding, 'eyJ', 'ein Geheimnis', new URL(back).searchParams.get('code') ?? 'none'])
        must(!all.includes(secret), `in a log: ${secret}`);
    must(all.includes('KeyUnknown') && all.includes('NonceWrong'), 'the reasons are in the log');
} catch (error) {
    console.error(logs.slice(-20).join(''));
    play.findings.push(String(error));
} finally {
    node.kill('SIGTERM');
    sync.kill('SIGTERM');
    await stopProvider(provider).catch(() => {});
}
if (play.findings.length === 0) rmSync(state, { recursive: true, force: true });
await play.end(`${steps} steps with an identity provider`);
