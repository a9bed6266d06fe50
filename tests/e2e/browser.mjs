// SPDX-License-Identifier: EUPL-1.2
//
// Debian's Chromium under playwright-core, axe with WCAG 2.2 AA, and a small server for pages of the gallery.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const source = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const skippedCode = 77;

/** Ends the test as skipped, by name. @param {string} reason @returns {never} */
export function skip(reason) {
    console.log(`SKIPPED: e2e: ${reason}`);
    process.exit(skippedCode);
}

export const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));

export async function launch() {
    if (!chromiumPath) skip('no chromium');
    if (!existsSync(join(source, 'node_modules', 'playwright-core'))) skip('no node_modules (npm ci)');
    const { chromium } = await import('playwright-core');
    const browser = await chromium.launch({
        executablePath: chromiumPath,
        args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--force-prefers-reduced-motion'],
    });
    return { browser, close: () => browser.close() };
}

const axeSource = () => readFileSync(join(source, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice', 'EN-301-549'];

/** What axe finds, one line each. @param {import('playwright-core').Page} page @returns {Promise<string[]>} */
export async function axeFindings(page) {
    await page.evaluate(axeSource());
    return page.evaluate(async (tags) => {
        const { axe } = /** @type {any} */ (window);
        const result = await axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] });
        return result.violations.flatMap((/** @type {any} */ violation) => violation.nodes.map((/** @type {any} */ node) =>
            `axe ${violation.id}: ${node.target.join(' ')}: ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ''}`));
    }, rules);
}

/** How far the page is larger than the screen, or nothing. @param {import('playwright-core').Page} page @param {boolean} [mayBeLong] */
export async function scrolls(page, mayBeLong = false) {
    return page.evaluate((long) => {
        const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement;
        const wide = scrollWidth - clientWidth;
        const high = long ? 0 : scrollHeight - clientHeight;
        return wide > 0 || high > 0 ? `${wide} × ${high} px` : '';
    }, mayBeLong);
}

/** Targets that begin above this share of the screen. @param {import('playwright-core').Page} page @param {number} share */
export async function highTargets(page, share) {
    return page.evaluate((part) => [...document.querySelectorAll('a, button, input:not([type="hidden"]), select')].flatMap((element) => {
        const { top, height } = (element.closest('label') ?? element).getBoundingClientRect();
        return height > 0 && top < window.innerHeight * part ? [`${(element.textContent ?? '').trim().slice(0, 30) || element.id} at ${Math.round(top)} px`] : [];
    }), share);
}

/** Targets that are smaller than `pixels` in one direction. @param {import('playwright-core').Page} page @param {number} pixels */
export async function smallTargets(page, pixels) {
    return page.evaluate((least) => {
        const found = [];
        for (const element of document.querySelectorAll('a, button, input:not([type="hidden"]), select')) {
            const target = element.closest('label') ?? element;
            const { width, height } = target.getBoundingClientRect();
            if ((width > 0 || height > 0) && (width < least - 0.5 || height < least - 0.5))
                found.push(`${element.tagName.toLowerCase()} "${(element.textContent ?? '').trim().slice(0, 30)}" ${Math.round(width)} × ${Math.round(height)} px`);
        }
        return found;
    }, pixels);
}

/** @type {Record<string, string>} */
const types = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.ttf': 'font/ttf' };

/** Serves the gallery with the policy that the node sends. @param {string} pages @param {string} policy */
export async function serve(pages, policy) {
    const assets = join(source, 'kiosk');
    const server = createServer((request, response) => {
        const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname));
        const file = join(path.startsWith('/assets/') ? assets : pages, path);
        if (path.endsWith('/events')) {
            response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
            return;
        }
        if (path.startsWith('/visit/')) { // a page that goes on by itself stays where it is
            response.writeHead(204).end();
            return;
        }
        if (path.includes('..') || !existsSync(file)) {
            response.writeHead(404).end();
            return;
        }
        const body = readFileSync(file);
        response.writeHead(200, {
            'content-type': types[extname(file)] ?? 'application/octet-stream', 'content-length': body.length,
            'content-security-policy': policy, 'cache-control': path.startsWith('/assets/') ? 'max-age=600' : 'no-store',
        });
        response.end(body);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
    const address = server.address();
    return {
        address: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
        close: () => {
            server.closeAllConnections();
            server.close();
        },
    };
}
