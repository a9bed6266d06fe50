// SPDX-License-Identifier: EUPL-1.2
//
// Every page in a real browser: axe, no scrolling, target sizes, no console output, budgets; and a picture of each.
//
// node tests/e2e/gallery.mjs PAGES PICTURES [NAME...]: PAGES is what amt-page-gallery wrote.
import { readFileSync, readdirSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, axeFindings, serve, smallTargets, scrolls } from './browser.mjs';

const [pages, pictures, ...only] = process.argv.slice(2);
const millimetre = 4.03; // CSS pixels, 21.5" panel
const screens = [
    { name: 'portrait', width: 1080, height: 1920, mm: millimetre },
    { name: 'landscape', width: 1920, height: 1080, mm: millimetre },
    { name: 'square', width: 1280, height: 1024, mm: 3.4 },
];
const targetMillimetres = 15;
const scriptBytesMax = 40 * 1024;
const styleBytesMax = 250 * 1024;

/** @type {string[]} */
const findings = [];
const { browser, close } = await launch();
const server = await serve(pages, readFileSync(join(pages, 'csp.txt'), 'utf8'));
mkdirSync(pictures, { recursive: true });

/**
 * @param {{ name: string, width: number, height: number, mm: number }} screen
 * @param {string} address @param {string} label @param {{ kiosk: boolean, axe: boolean }} wanted
 */
async function look(screen, address, label, wanted) {
    const context = await browser.newContext({ viewport: { width: screen.width, height: screen.height }, hasTouch: wanted.kiosk });
    const page = await context.newPage();
    let script = 0;
    let style = 0;
    page.on('console', (message) => findings.push(`${label}: console: ${message.text()}`));
    page.on('pageerror', (error) => findings.push(`${label}: ${error.message}`));
    page.on('response', async (response) => {
        if (response.status() >= 400 && !response.url().endsWith('/visit/events'))
            findings.push(`${label}: ${response.status()} ${response.url()}`);
        const type = response.headers()['content-type'] ?? '';
        const size = Number(response.headers()['content-length'] ?? 0);
        if (type.startsWith('text/javascript')) script += size;
        if (type.startsWith('text/css')) style += size;
    });
    await page.goto(server.address + address, { waitUntil: 'load' });
    await page.evaluate(() => document.fonts.ready);
    if (wanted.axe)
        for (const finding of await axeFindings(page))
            findings.push(`${label}: ${finding}`);
    if (wanted.kiosk) {
        const over = await scrolls(page);
        if (over) findings.push(`${label}: scrolls by ${over}`);
        for (const target of await smallTargets(page, targetMillimetres * screen.mm))
            findings.push(`${label}: target too small: ${target}`);
        if (script > scriptBytesMax) findings.push(`${label}: ${script} bytes of script`);
        if (style > styleBytesMax) findings.push(`${label}: ${style} bytes of style`);
    }
    await page.screenshot({ path: join(pictures, `${label.replaceAll('/', '-')}.png`) });
    await context.close();
}

const begin = performance.now();
let looked = 0;
const wants = (/** @type {string} */ name) => only.length === 0 || only.some((each) => name.includes(each));
for (const screen of screens) {
    for (const language of ['de', 'ar', 'en']) {
        if (language === 'en' && screen.name !== 'portrait') continue;
        for (const file of readdirSync(join(pages, 'kiosk', language)).filter((name) => wants(name)).sort()) {
            const name = file.replace('.html', '');
            await look(screen, `/kiosk/${language}/${file}`, `${screen.name}/${language}/${name}`, { kiosk: true, axe: screen.name !== 'square' });
            ++looked;
        }
    }
}
for (const file of readdirSync(join(pages, 'desk')).filter((name) => wants(name)).sort()) {
    for (const screen of [{ name: 'desk', width: 1366, height: 768, mm: 1 }, { name: 'narrow', width: 400, height: 800, mm: 1 }]) {
        await look(screen, `/desk/${file}`, `${screen.name}/${file.replace('.html', '')}`, { kiosk: false, axe: true });
        ++looked;
    }
}
if (wants('board')) {
    await look(screens[1], '/display/board.html', 'display/board', { kiosk: false, axe: true });
    ++looked;
}
await close();
server.close();
for (const finding of findings) console.log(finding);
console.log(`${looked} pages in ${((performance.now() - begin) / 1000).toFixed(1)} s, ${findings.length} findings`);
process.exit(findings.length === 0 ? 0 : 1);
