// SPDX-License-Identifier: EUPL-1.2
//
// What walks through a house in Chromium share: pages that are judged, pictures, the first clerk.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { axeFindings, launch } from './browser.mjs';

/** @typedef {import('playwright-core').Page} Page */

const patience = 30_000;

/** @param {unknown} condition @param {string} sentence */
export function must(condition, sentence) {
    if (!condition) throw new Error(sentence);
}

/** A browser and what was found in it. @param {string | undefined} pictures folder */
export async function stage(pictures) {
    if (pictures) mkdirSync(pictures, { recursive: true });
    const { browser, close } = await launch();
    /** @type {string[]} */
    const findings = [];
    return {
        browser,
        findings,
        /** A person of her own, with or without script. @param {boolean} script @param {{ width: number, height: number }} viewport */
        async open(script, viewport) {
            const hasTouch = viewport.height > viewport.width;
            const context = await browser.newContext({ viewport, javaScriptEnabled: script, ignoreHTTPSErrors: true, hasTouch });
            const page = await context.newPage();
            page.setDefaultTimeout(patience);
            page.on('pageerror', (error) => findings.push(error.message));
            return page;
        },
        /** axe and a picture. @param {Page} page @param {string} name */
        async look(page, name) {
            // A live page may load itself again meanwhile: then the new one is looked at.
            for (let left = 3; ; --left) {
                try {
                    await page.waitForLoadState();
                    for (const finding of await axeFindings(page)) findings.push(`${name}: ${finding}`);
                    break;
                } catch (error) {
                    if (left === 0 || !String(error).includes('context was destroyed')) throw error;
                }
            }
            if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
        },
        /** Says what was found, and ends. @param {string} line @returns {Promise<never>} */
        async end(line) {
            await close();
            for (const finding of findings) console.error(finding);
            console.log(`${line}; ${findings.length} findings`);
            process.exit(findings.length === 0 ? 0 : 1);
        },
    };
}

/** The first account of a house, up to the page where she begins. @param {Page} desk @param {{ desk: string, clerkCode: string }} addresses
 * @param {{ name: string, password: string }} clerk */
export async function signInFirst(desk, addresses, clerk) {
    await desk.goto(`${addresses.desk}/desk/first`);
    await desk.locator('[name=code]').fill(addresses.clerkCode);
    await desk.locator('[name=name]').fill(clerk.name);
    await desk.locator('[name=password]').fill(clerk.password);
    await desk.locator('[name=again]').fill(clerk.password);
    await desk.locator('main button[type=submit]').click();
    await desk.waitForURL('**/desk/paper');
    await desk.locator('[name=kept]').check();
    await desk.locator('main button[type=submit]').click();
}
