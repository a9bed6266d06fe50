// SPDX-License-Identifier: EUPL-1.2
//
// The journey in Chromium, against a house that runs: with and without script, in German and Arabic.
//
// node tests/e2e/journey.mjs ADDRESSES [PICTURES]
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { axeFindings, launch, scrolls } from './browser.mjs';

const addresses = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const pictures = process.argv[3];
const patience = 90_000;
const walks = [
    { name: 'de with script', language: 'de', script: true },
    { name: 'de without script', language: 'de', script: false, wish: 'contrast-on' },
    { name: 'ar with script', language: 'ar', script: true, wish: 'reach-on' },
    { name: 'ar without script', language: 'ar', script: false },
];

if (pictures) mkdirSync(pictures, { recursive: true });
const { browser, close } = await launch();
/** @type {string[]} */
const findings = [];
/** What a page has after a press on the access bar. @param {string} wish */
const lookOf = (wish) => (wish === 'contrast-on' ? 'html[data-contrast="high"]' : 'html[data-reach="low"]');

/** @param {{ name: string, language: string, script: boolean, wish?: string }} walk `wish`: pressed on the access bar at the start */
async function go(walk) {
    const context = await browser.newContext({ viewport: { width: 1080, height: 1920 }, javaScriptEnabled: walk.script, hasTouch: true });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.on('console', (message) => {
        // Chromium says of its own accord what the end of a visit clears.
        if (!message.text().startsWith('Clear-Site-Data')) findings.push(`${walk.name}: console: ${message.text()}`);
    });
    page.on('pageerror', (error) => findings.push(`${walk.name}: ${error.message}`));
    let number = 0;
    const at = async (/** @type {string} */ path) => {
        await page.waitForURL((address) => address.pathname === path);
        if (pictures) await page.screenshot({ path: join(pictures, `${walk.name.replaceAll(' ', '-')}-${++number}${path.replaceAll('/', '-')}.png`) });
        if (!walk.script) return;
        if (page.url().includes('/running') || page.url().includes('/reading')) return;
        // A page may still be loading, and the last one leaves by itself: looked at again, or found gone.
        for (let left = 3; ; --left) {
            try {
                await page.waitForLoadState();
                for (const finding of await axeFindings(page)) findings.push(`${walk.name} ${path}: ${finding}`);
                const over = await scrolls(page);
                if (over) findings.push(`${walk.name} ${path}: scrolls by ${over}`);
                return;
            } catch (error) {
                if (left === 0 || !String(error).includes('context was destroyed')) throw error;
                if (path === '/ended' && new URL(page.url()).pathname === '/') return;
            }
        }
    };
    const next = () => page.locator('.steps .next').last();

    await page.goto(addresses.kiosk);
    await at('/');
    if (walk.language !== 'de') {
        await page.locator(`button[name="language"][value="${walk.language}"]`).click();
        await page.waitForSelector(`html[lang="${walk.language}"]`);
        await at('/');
    }
    if (walk.wish) {
        await page.locator(`.access button[value="${walk.wish}"]`).click();
        await page.waitForSelector(lookOf(walk.wish));
        await at('/');
    }
    await page.locator('a.tile[href="/services"]').click();
    await at('/services');
    await page.locator('button[name="service"]').first().click();
    await at('/visit/notice');
    await next().click();
    await at('/visit/card');
    if (walk.script)
        for (const digit of addresses.pin) await page.locator('.pad button', { hasText: digit }).tap();
    else await page.locator('#pin').fill(addresses.pin);
    await next().click();
    await at('/visit/form');
    for (let pages = 0; new URL(page.url()).pathname === '/visit/form' && pages < 8; ++pages) {
        const plate = page.locator('input[name="plate"][type="text"]');
        if (await plate.count()) {
            if (walk.script) {
                await plate.tap();
                for (const key of ['M', 'S']) await page.locator('.osk button', { hasText: new RegExp(`^${key}$`) }).tap();
                await page.locator('.osk__space').tap();
                for (const key of ['A', 'B']) await page.locator('.osk button', { hasText: new RegExp(`^${key}$`) }).tap();
                for (const key of ['1', '2', '3']) await page.locator('.osk button', { hasText: new RegExp(`^${key}$`) }).tap();
                await page.locator('.osk__key').last().tap();
            } else {
                await plate.fill('MS AB 123');
            }
        }
        // Controls that are low make two pages of this one.
        for (const choice of ['input[name="zone"][type="radio"]', 'input[name="digitalNotice"][value="no"][type="radio"]'])
            if (await page.locator(choice).count()) await page.locator(choice).first().check();
        const before = page.url();
        await next().click();
        await page.waitForURL((address) => address.href !== before);
        await page.waitForLoadState();
        if (new URL(page.url()).pathname === '/visit/form') await at('/visit/form');
    }
    await at('/visit/review');
    if (walk.wish && !(await page.locator(lookOf(walk.wish)).count())) findings.push(`${walk.name}: the screen has lost its look`);
    await next().click();
    await at('/visit/pay');
    await page.locator('button[name="action"][value="start"]').click();
    await at('/visit/done');
    const reference = await page.locator('.number strong').innerText();
    await page.locator('form[action="/visit/end"] button').last().click();
    await at('/ended');
    if (walk.wish && await page.locator(lookOf(walk.wish)).count()) findings.push(`${walk.name}: the next one gets this look`);
    const cookies = await context.cookies();
    if (cookies.some((cookie) => cookie.value !== '' && cookie.name !== 'amt_language'))
        findings.push(`${walk.name}: a cookie is left: ${cookies.map((cookie) => cookie.name).join(', ')}`);
    if (walk.script) {
        const stored = await page.evaluate(() => localStorage.length + sessionStorage.length);
        if (stored) findings.push(`${walk.name}: something is stored in the browser`);
    }
    await context.close();
    return reference;
}

let status = 0;
for (const walk of walks) {
    const begin = performance.now();
    try {
        const reference = await go(walk);
        console.log(`  ok    ${walk.name.padEnd(24)} ${reference}  ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    } catch (error) {
        status = 1;
        console.log(`  FAIL  ${walk.name}: ${error instanceof Error ? error.message : error}`);
    }
}
await close();
for (const finding of findings) console.log(`  ${finding}`);
process.exit(status || findings.length ? 1 : 0);
