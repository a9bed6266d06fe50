// SPDX-License-Identifier: EUPL-1.2
//
// Every page in a real browser: axe, no scrolling, target sizes, no console output, budgets; and a picture of each.
//
// Looked at: as it is, every page upright in all languages and, without those that differ in a sentence only, lying in German and
// Arabic; axe upright in German and Arabic, lying in German. As the access bar makes it: larger letters, contrast and low controls on
// every page upright in German; on a sample of them (`varied`) upright in Arabic, and lying in German; very large letters on the
// sample upright in German and Arabic. axe: all pages in contrast, else the sample upright. Very large letters may make a page longer
// than the screen, and larger ones a lying page; never wider.
//
// node tests/e2e/gallery.mjs PAGES PICTURES [NAME...]: PAGES is what amt-page-gallery wrote, and amt-operators-gallery.
import { existsSync, readFileSync, readdirSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, axeFindings, highTargets, serve, smallTargets, scrolls } from './browser.mjs';

const [pages, pictures, ...only] = process.argv.slice(2);
const millimetre = 4.03; // CSS pixels, 21.5" panel
const screens = [
    { name: 'portrait', width: 1080, height: 1920, mm: millimetre },
    { name: 'landscape', width: 1920, height: 1080, mm: millimetre },
    { name: 'square', width: 1280, height: 1024, mm: 3.4 },
];
const patience = 120_000; // on a machine that builds at the same time
const targetMillimetres = 15;
const reachShare = 0.45;
const scriptBytesMax = 40 * 1024;
const styleBytesMax = 250 * 1024;

/** @type {string[]} */
const findings = [];
const { browser, close } = await launch();
const server = await serve(pages, readFileSync(join(pages, 'csp.txt'), 'utf8'));
mkdirSync(pictures, { recursive: true });

/** @typedef {{ name: string, width: number, height: number, mm: number }} Screen */

/**
 * Looks at pages in one window.
 * @param {Screen} screen @param {string} folder @param {string[]} files
 * @param {{ kiosk: boolean, axe: boolean, mayBeLong?: boolean, low?: boolean }} wanted
 */
async function look(screen, folder, files, wanted) {
    const context = await browser.newContext({ viewport: { width: screen.width, height: screen.height }, hasTouch: wanted.kiosk });
    // However slow this machine is, no page goes on by itself while it is looked at.
    await context.addInitScript(() => {
        const wait = window.setTimeout;
        const longest = 900;
        Object.assign(window, { setTimeout: (/** @type {TimerHandler} */ task, /** @type {number} */ delay = 0) => (delay < longest ? wait(task, delay) : 0) });
    });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    let label = '';
    /** @type {Map<string, number>} */
    const sizes = new Map();
    page.on('console', (message) => {
        if (!message.text().startsWith('[DOM] Password forms')) findings.push(`${label}: console: ${message.text()}`); // the name there is chosen from a list
    });
    page.on('pageerror', (error) => findings.push(`${label}: ${error.message}`));
    page.on('response', (response) => {
        if (response.status() >= 400) findings.push(`${label}: ${response.status()} ${response.url()}`);
        sizes.set(response.url(), Number(response.headers()['content-length'] ?? 0));
    });
    for (const file of files) {
        label = `${screen.name}/${folder}/${file.replace('.html', '')}`;
        sizes.clear();
        await page.goto(`${server.address}/${folder}/${file}`, { waitUntil: 'load' });
        await page.evaluate(() => document.fonts.ready);
        if (wanted.axe)
            for (const finding of await axeFindings(page)) findings.push(`${label}: ${finding}`);
        if (wanted.kiosk) {
            const over = await scrolls(page, wanted.mayBeLong);
            if (over) findings.push(`${label}: scrolls by ${over}`);
            for (const target of await smallTargets(page, targetMillimetres * screen.mm)) findings.push(`${label}: target too small: ${target}`);
        }
        if (wanted.low)
            for (const target of await highTargets(page, 1 - reachShare)) findings.push(`${label}: not within reach: ${target}`);
        const total = (/** @type {string} */ ending) => [...sizes].reduce((sum, [url, size]) => sum + (url.endsWith(ending) ? size : 0), 0);
        if (total('.js') > scriptBytesMax) findings.push(`${label}: ${total('.js')} bytes of script`);
        if (total('.css') > styleBytesMax) findings.push(`${label}: ${total('.css')} bytes of style`);
        await page.screenshot({ path: join(pictures, `${label.replaceAll('/', '-')}.png`) });
        ++looked;
    }
    await context.close();
}

const begin = performance.now();
let looked = 0;
const filesIn = (/** @type {string} */ folder) => (existsSync(join(pages, folder)) ? readdirSync(join(pages, folder)) : []).sort()
    .filter((name) => only.length === 0 || only.some((each) => name.startsWith(each)));
// Pages that differ in a sentence only: upright is enough.
const alike = /^(reading-(?!checkingPin)|problem-(?!PinBlocked)|running-(?!insert)|card-incomplete|start-closed|ended-timeout)/;
for (const screen of screens) {
    const upright = screen.name === 'portrait';
    for (const language of upright ? ['de', 'ar', 'en'] : ['de', 'ar']) {
        const files = filesIn(`kiosk/${language}`).filter((name) => upright || !alike.test(name));
        await look(screen, `kiosk/${language}`, files, { kiosk: true, axe: language !== 'en' && (upright || (screen.name === 'landscape' && language === 'de')) });
    }
}
const varied = /^(start|services|notice|card|card-wrong-2|card-can-wrong|problem-PinSuspended|form-typed-1|form-eid|form-faulty|review-offline|pay-declined|done-desk|help)(-part-\d)?\.html$/;
for (const mode of ['large', 'largest', 'contrast', 'low']) {
    const folder = `kiosk-${mode}`;
    const wanted = { kiosk: true, axe: true, mayBeLong: mode === 'largest', low: mode === 'low' };
    const sample = (/** @type {string} */ language) => filesIn(`${folder}/${language}`).filter((name) => varied.test(name));
    const rest = filesIn(`${folder}/de`).filter((name) => !varied.test(name));
    await look(screens[0], `${folder}/de`, sample('de'), wanted);
    await look(screens[0], `${folder}/ar`, sample('ar'), wanted);
    if (mode !== 'largest') await look(screens[0], `${folder}/de`, rest, { ...wanted, axe: mode === 'contrast' });
    if (mode === 'largest') continue;
    for (const screen of screens.slice(1)) {
        await look(screen, `${folder}/de`, sample('de'), { kiosk: true, axe: false, mayBeLong: mode === 'large', low: false });
    }
}
await look({ name: 'wide', width: 1366, height: 768, mm: 1 }, 'desk', filesIn('desk'), { kiosk: false, axe: true });
await look({ name: 'narrow', width: 400, height: 800, mm: 1 }, 'desk', filesIn('desk'), { kiosk: false, axe: true });
for (const window of [{ name: 'square', width: 1280, height: 1024, mm: 1 }, { name: 'narrow', width: 400, height: 800, mm: 1 }])
    await look(window, 'operators', filesIn('operators'), { kiosk: false, axe: true });
await look(screens[1], 'display', filesIn('display'), { kiosk: false, axe: true });
await close();
server.close();
for (const finding of findings) console.log(finding);
console.log(`${looked} pages in ${((performance.now() - begin) / 1000).toFixed(1)} s, ${findings.length} findings`);
process.exit(findings.length === 0 ? 0 : 1);
