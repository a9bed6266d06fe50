// SPDX-License-Identifier: EUPL-1.2
//
// A fee paid with the citizen's own phone, in Chromium against a house that runs with --online-payment: the code on the screen, the phone at the
// payment service over TLS and OAuth2, the case at the office. A card that is declined at the phone, then the desk; a node that dies while the phone pays.
//
// node tests/e2e/online.mjs ADDRESSES [PICTURES]
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, stage } from './stage.mjs';

const [file, pictures] = process.argv.slice(2);
const addresses = JSON.parse(readFileSync(file, 'utf8'));
const { open, look, findings, end } = await stage(pictures);
/** @typedef {import('./stage.mjs').Page} Page */

const upright = { width: 1080, height: 1920 };
const phone = await open(true, { width: 412, height: 915 });

/** @param {Page} page */
const next = (page) => page.locator('.steps .next').last().click();

/** Up to the choice of how to pay. @param {Page} kiosk @param {string} plate */
async function walkToPay(kiosk, plate) {
    await kiosk.goto(addresses.kiosk);
    await kiosk.locator('a.tile[href="/services"]').click();
    await kiosk.locator('button[name="service"]').first().click();
    await next(kiosk);
    await kiosk.waitForURL('**/visit/card');
    for (const digit of addresses.pin) await kiosk.locator('.pad button', { hasText: digit }).tap();
    await next(kiosk);
    await kiosk.waitForURL('**/visit/form', { timeout: 60_000 });
    for (let pages = 0; new URL(kiosk.url()).pathname === '/visit/form' && pages < 8; ++pages) {
        if (await kiosk.locator('input[name="plate"][type="text"]').count()) await kiosk.locator('input[name="plate"]').fill(plate);
        for (const choice of ['input[name="zone"][type="radio"]', 'input[name="digitalNotice"][value="no"][type="radio"]'])
            if (await kiosk.locator(choice).count()) await kiosk.locator(choice).first().check();
        const before = kiosk.url();
        await kiosk.keyboard.press('Escape');
        await next(kiosk);
        await kiosk.waitForURL((address) => address.href !== before);
    }
    await kiosk.waitForURL('**/visit/review');
    await next(kiosk);
    await kiosk.waitForURL('**/visit/pay');
}

/** By the third way, until the code is on the screen. Gives its transaction. @param {Page} kiosk @returns {Promise<string>} */
async function showCode(kiosk) {
    await kiosk.locator('button[name="action"][value="online"]').click();
    await kiosk.waitForURL('**/visit/pay/running');
    await kiosk.locator('svg.qr').waitFor();
    const newest = await (await kiosk.request.get(`${addresses.paymentService}/newest`)).json();
    return newest.id;
}

/** @param {string} transaction @param {string} button */
async function atPhone(transaction, button) {
    await phone.goto(`${addresses.paymentService}/zahlen/${transaction}`);
    await phone.getByRole('button', { name: button }).click();
    await phone.getByRole('button', { name: button }).waitFor({ state: 'detached' });
}

/** The metadata of the case with this plate, once it lies at the office. @param {string} plate @returns {Promise<any>} */
async function arrived(plate) {
    for (let tries = 0; tries < 300; ++tries) {
        for (const folder of existsSync(addresses.inbox) ? readdirSync(addresses.inbox) : []) {
            const [data, whole] = ['data.json', 'submission.json'].map((name) => join(addresses.inbox, folder, name));
            if (existsSync(whole) && JSON.parse(readFileSync(data, 'utf8')).values.plate === plate)
                return JSON.parse(readFileSync(join(addresses.inbox, folder, 'metadata.json'), 'utf8'));
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`the case of ${plate} did not arrive`);
}

let steps = 0;
/** @param {string} what */
const done = (what) => { ++steps; console.log(`  ${what}`); };

try {
    const kiosk = await open(true, upright);
    await walkToPay(kiosk, 'MS-OP 1');
    await look(kiosk, 'pay');
    const first = await showCode(kiosk);
    await look(kiosk, 'code');
    await atPhone(first, 'Bezahlen');
    await kiosk.waitForURL('**/visit/done');
    await look(kiosk, 'done');
    const paid = (await arrived('MS-OP 1')).paymentInformation;
    must(paid?.status === 'BOOKED' && paid.transactionId === first, `paid as ${JSON.stringify(paid)}`);
    await kiosk.locator('form[action="/visit/end"] button').last().click();
    await kiosk.waitForURL('**/ended');
    done('the phone pays, and the case is at the office with it');

    const other = await open(true, upright);
    await walkToPay(other, 'MS-OP 2');
    const second = await showCode(other);
    await atPhone(second, 'Karte abgelehnt');
    await other.waitForURL('**/visit/pay');
    await look(other, 'declined');
    await other.locator('button[name="action"][value="desk"]').first().click();
    await other.waitForURL('**/visit/done');
    await other.locator('form[action="/visit/end"] button').last().click();
    await other.waitForURL('**/ended');
    done('a card that is declined at the phone leads back to the choice');

    const third = await open(true, upright);
    await walkToPay(third, 'MS-OP 3');
    const last = await showCode(third);
    execFileSync('sh', ['-c', `kill -9 $(cat '${addresses.stateDir}/run/node.pid') $(cat '${addresses.stateDir}/run/sync.pid')`]);
    await atPhone(last, 'Bezahlen');
    await third.waitForURL('**/visit/done', { timeout: 60_000 });
    const late = (await arrived('MS-OP 3')).paymentInformation;
    must(late?.status === 'BOOKED' && late.transactionId === last, `paid as ${JSON.stringify(late)}`);
    const { count } = await (await third.request.get(`${addresses.paymentService}/newest`)).json();
    must(count === 3, `${count} transactions for three payments`);
    done('node and amt-sync die while the phone pays: paid once, sent once');

    const secret = JSON.parse(readFileSync(join(addresses.stateDir, 'payment', 'payment-service.json'), 'utf8')).clientSecret;
    const logs = readdirSync(join(addresses.stateDir, 'log')).map((name) => readFileSync(join(addresses.stateDir, 'log', name), 'utf8')).join('');
    for (const hidden of [secret, 'MS-OP 1', 'Bearer ']) must(!logs.includes(hidden), `in a log: ${hidden}`);
} catch (error) {
    findings.push(String(error));
}
await end(`${steps} ways to pay with a phone`);
