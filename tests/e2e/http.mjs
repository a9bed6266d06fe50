// SPDX-License-Identifier: EUPL-1.2
//
// A browser without a screen: cookies, redirects, Origin, forms as they stand in the HTML.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { parse } from 'parse5';

/** @typedef {{ nodeName: string, tagName?: string, attrs?: { name: string, value: string }[], childNodes?: Node[], value?: string, parentNode?: Node }} Node */
/** @typedef {{ action: string, method: string, fields: Record<string, string>, buttons: { name: string, value: string, text: string }[], choices: Record<string, string[]> }} Form */

/** @param {Node} node @param {string} name */
const attribute = (node, name) => node.attrs?.find((each) => each.name === name)?.value;

/** @param {Node} node @param {(node: Node) => boolean} wanted @returns {Node[]} */
function all(node, wanted) {
    const found = wanted(node) ? [node] : [];
    for (const child of node.childNodes ?? []) found.push(...all(child, wanted));
    return found;
}

/** @param {Node} node @returns {string} */
const textOf = (node) => (node.nodeName === '#text' ? node.value ?? '' : (node.childNodes ?? []).map(textOf).join(''));

/** Without what only screen readers get. @param {Node} node @returns {string} */
const seenIn = (node) => (node.childNodes ?? []).filter((child) => attribute(child, 'class') !== 'kern-sr-only')
    .map((child) => (child.nodeName === '#text' ? child.value ?? '' : seenIn(child))).join('');

const tidy = (/** @type {string} */ text) => text.replace(/\s+/g, ' ').trim();

export class Page {
    /** @param {string} address @param {number} status @param {http.IncomingHttpHeaders} headers @param {string} html */
    constructor(address, status, headers, html) {
        this.address = address;
        this.path = new URL(address).pathname;
        this.status = status;
        this.headers = headers;
        this.html = html;
        this.tree = /** @type {Node} */ (/** @type {unknown} */ (parse(html)));
    }

    get title() {
        return tidy(textOf(all(this.tree, (node) => node.tagName === 'h1')[0] ?? this.tree));
    }

    get text() {
        return tidy(textOf(all(this.tree, (node) => node.tagName === 'body')[0] ?? this.tree));
    }

    /** @returns {Form[]} */
    get forms() {
        return all(this.tree, (node) => node.tagName === 'form').map((form) => {
            const id = attribute(form, 'id');
            const belongs = (/** @type {Node} */ node) => {
                const owner = attribute(node, 'form');
                if (owner !== undefined) return owner === id;
                for (let parent = node.parentNode; parent; parent = parent.parentNode)
                    if (parent === form) return true;
                return false;
            };
            /** @type {Record<string, string>} */
            const fields = {};
            /** @type {Record<string, string[]>} */
            const choices = {};
            for (const input of all(this.tree, (node) => ['input', 'select'].includes(node.tagName ?? '') && belongs(node))) {
                const name = attribute(input, 'name');
                const type = attribute(input, 'type');
                const value = attribute(input, 'value') ?? '';
                if (name === undefined) continue;
                if (type === 'radio' || type === 'checkbox') {
                    (choices[name] ??= []).push(value);
                    if (attribute(input, 'checked') !== undefined) fields[name] = value;
                } else {
                    fields[name] = value;
                }
            }
            const buttons = all(this.tree, (node) => node.tagName === 'button' && belongs(node)).map((button) => ({
                name: attribute(button, 'name') ?? '', value: attribute(button, 'value') ?? '', text: tidy(textOf(button)),
            }));
            return {
                action: new URL(attribute(form, 'action') ?? this.path, this.address).pathname,
                method: (attribute(form, 'method') ?? 'get').toUpperCase(), fields, buttons, choices,
            };
        });
    }

    /** The form that posts to `action`. @param {string} action */
    form(action) {
        const found = this.forms.find((form) => form.action === action);
        if (!found) throw new Error(`${this.path} has no form for ${action}: "${this.title}"`);
        return found;
    }

    /** @param {string} begin */
    link(begin) {
        const found = all(this.tree, (node) => node.tagName === 'a').map((node) => attribute(node, 'href') ?? '').find((href) => href.startsWith(begin));
        if (!found) throw new Error(`${this.path} has no link to ${begin}`);
        return found;
    }

    /** Terms and what stands beside them. @returns {Record<string, string>} */
    get facts() {
        /** @type {Record<string, string>} */
        const facts = {};
        for (const row of all(this.tree, (node) => node.tagName === 'div' && (node.childNodes ?? []).some((child) => child.tagName === 'dt'))) {
            const term = row.childNodes?.find((child) => child.tagName === 'dt');
            const value = row.childNodes?.find((child) => child.tagName === 'dd');
            if (!term || !value) continue;
            const inserted = all(value, (node) => node.tagName === 'bdi')[0] ?? value;
            facts[tidy(seenIn(term))] = tidy(textOf(inserted));
        }
        return facts;
    }

    /** Where a page without script goes on by itself. */
    get refresh() {
        return /http-equiv="refresh" content="(\d+);url=([^"]+)"/.exec(this.html)?.[2];
    }
}

export class Browser {
    /** @param {string} origin @param {string} [ca] PEM file */
    constructor(origin, ca) {
        this.origin = origin;
        this.ca = ca ? readFileSync(ca) : undefined;
        /** @type {Map<string, string>} */
        this.cookies = new Map();
        this.agent = origin.startsWith('https') ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true });
    }

    /**
     * One request, without following.
     * @param {string} method @param {string} path @param {string} [body] @param {Record<string, string>} [extra]
     * @returns {Promise<Page>}
     */
    request(method, path, body, extra = {}) {
        const address = new URL(path, this.origin);
        /** @type {Record<string, string>} */
        const headers = { accept: 'text/html', ...extra };
        if (this.cookies.size) headers.cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        if (body !== undefined) {
            headers['content-type'] ??= 'application/x-www-form-urlencoded';
            headers['content-length'] = String(Buffer.byteLength(body));
            headers.origin ??= new URL(this.origin).origin;
            headers['sec-fetch-site'] ??= 'same-origin';
        }
        const module = address.protocol === 'https:' ? https : http;
        return new Promise((resolve, reject) => {
            const request = module.request(address, { method, headers, ca: this.ca, agent: this.agent, timeout: 30000 }, (response) => {
                /** @type {Buffer[]} */
                const parts = [];
                response.on('data', (part) => parts.push(part));
                response.on('error', reject);
                response.on('end', () => {
                    for (const cookie of response.headers['set-cookie'] ?? []) {
                        const [pair, ...flags] = cookie.split(';').map((part) => part.trim());
                        const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
                        const gone = flags.some((flag) => /^max-age=0$/i.test(flag)) || value === '';
                        if (gone) this.cookies.delete(name);
                        else this.cookies.set(name, value);
                    }
                    resolve(new Page(address.href, response.statusCode ?? 0, response.headers, Buffer.concat(parts).toString('utf8')));
                });
            });
            request.on('timeout', () => request.destroy(new Error(`no answer: ${method} ${path}`)));
            request.on('error', reject);
            request.end(body);
        });
    }

    /** Follows redirects as a browser does. @param {Page} page @returns {Promise<Page>} */
    async follow(page) {
        for (let hops = 0; page.status >= 300 && page.status < 400; ++hops) {
            if (hops > 8) throw new Error(`redirected for ever at ${page.path}`);
            page = await this.request('GET', new URL(page.headers.location ?? '/', page.address).href);
        }
        return page;
    }

    /** @param {string} path */
    async get(path) {
        return this.follow(await this.request('GET', path));
    }

    /** Fills in a form of the page and presses a button. @param {Page} page @param {string} action @param {Record<string, string>} [fields] */
    async submit(page, action, fields = {}) {
        const form = page.form(action);
        const known = new Set([...Object.keys(form.fields), ...Object.keys(form.choices), ...form.buttons.map((button) => button.name)]);
        for (const name of Object.keys(fields))
            if (!known.has(name)) throw new Error(`${page.path}: the form for ${action} has no field ${name}`);
        const body = new URLSearchParams({ ...form.fields, ...fields }).toString();
        return this.follow(await this.request(form.method, action, body));
    }

    close() {
        this.agent.destroy();
    }
}
