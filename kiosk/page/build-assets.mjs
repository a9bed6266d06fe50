// SPDX-License-Identifier: EUPL-1.2
//
// Fills kiosk/assets: KERN's style sheet cut down to what the templates use, our styles and scripts, Noto fonts.
import { copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const kiosk = join(dirname(fileURLToPath(import.meta.url)), '..');
const assets = join(kiosk, 'assets');
const operators = join(kiosk, '..', 'sync', 'gateway', 'page'); // another house, the same look
const kern = join(kiosk, '..', 'node_modules', '@kern-ux', 'native');
const fontFolder = '/usr/share/fonts/truetype/noto'; // Debian: fonts-noto-core
const fonts = ['NotoSans-Regular.ttf', 'NotoSans-Bold.ttf', 'NotoSansArabic-Regular.ttf', 'NotoSansArabic-Bold.ttf'];

/** Another build may run beside this one: files appear whole. @param {string} name @param {string} content */
function put(name, content) {
    const path = join(assets, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, content);
    renameSync(`${path}.${process.pid}`, path);
}

/** @param {string} folder @param {string} ending */
function filesIn(folder, ending) {
    const path = resolve(kiosk, folder);
    return readdirSync(path).filter((name) => name.endsWith(ending)).map((name) => join(path, name));
}

/** Classes of KERN that our pages name; one that ends in "--" stands for all its variants. */
function usedClasses() {
    const sources = [...filesIn('citizen', '.mustache'), ...filesIn('clerk', '.mustache'), ...filesIn('display', '.mustache'),
        ...filesIn(operators, '.mustache'),
        ...filesIn('script', '.js')];
    const names = new Set();
    for (const path of sources)
        for (const [name] of readFileSync(path, 'utf8').matchAll(/kern-[a-z0-9_-]+/g))
            names.add(name);
    return names;
}

/** Top-level statements of a style sheet without comments. @param {string} css */
function statements(css) {
    const found = [];
    let depth = 0;
    let begin = 0;
    let quote = '';
    for (let at = 0; at < css.length; ++at) {
        const character = css[at];
        if (quote) {
            if (character === '\\') ++at;
            else if (character === quote) quote = '';
        } else if (character === '"' || character === "'") {
            quote = character;
        } else if (character === '{') {
            ++depth;
        } else if (character === '}' || (character === ';' && depth === 0)) {
            if (character === '}') --depth;
            if (depth === 0) {
                found.push(css.slice(begin, at + 1).trim());
                begin = at + 1;
            }
        }
    }
    return found;
}

/** @param {string} list @returns {string[]} selectors, split at commas outside of brackets */
function selectors(list) {
    const found = [''];
    let depth = 0;
    for (const character of list) {
        if ('(['.includes(character)) ++depth;
        if (')]'.includes(character)) --depth;
        if (character === ',' && depth === 0) found.push('');
        else found[found.length - 1] += character;
    }
    return found.map((selector) => selector.trim());
}

/** @param {string} css @param {Set<string>} used @returns {string} */
function cutDown(css, used) {
    const prefixes = [...used].filter((name) => name.endsWith('--'));
    const isUsed = (/** @type {string} */ name) => used.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
    const keeps = (/** @type {string} */ selector) => {
        if (/kern-dark|theme=dark|kern-level|kern-layer/.test(selector) && !selector.startsWith(':is(body'))
            return false;
        const needed = selector.replace(/:(not|is)\([^()]*(\([^()]*\)[^()]*)*\)/g, '');
        return [...needed.matchAll(/\.(kern-[a-z0-9_-]+)/g)].every(([, name]) => isUsed(name));
    };
    const kept = [];
    for (const statement of statements(css)) {
        if (/^@(charset|font-face|import)/.test(statement) || /^@media \(prefers-color-scheme/.test(statement))
            continue;
        const open = statement.indexOf('{');
        const head = statement.slice(0, open).trim();
        if (head.startsWith('@media')) {
            const inner = cutDown(statement.slice(open + 1, -1), used);
            if (inner) kept.push(`${head}{${inner}}`);
        } else if (head.startsWith('@')) {
            kept.push(statement);
        } else {
            const wanted = selectors(head).filter(keeps);
            if (wanted.length) kept.push(`${wanted.join(',')}{${statement.slice(open + 1)}`);
        }
    }
    return kept.join('\n');
}

/** @param {string} css */
const tight = (css) => css.replace(/\s*\n\s*/g, '\n').replace(/: /g, ':').replace(/;\n}/g, '}').replace(/\{\n/g, '{').replace(/;\n/g, ';');

const version = JSON.parse(readFileSync(join(kern, 'package.json'), 'utf8')).version;
const css = readFileSync(join(kern, 'dist', 'kern.css'), 'utf8').replace(/\/\*[^]*?\*\//g, '');
put('kern.css', `/* KERN Design System, @kern-ux/native ${version}, EUPL-1.2; cut down to the rules in use. */\n${tight(cutDown(css, usedClasses()))}\n`);

const shared = readFileSync(join(kiosk, 'style', 'shared.css'), 'utf8');
for (const surface of ['kiosk', 'clerk', 'display'])
    put(`${surface}.css`, `${shared}\n${readFileSync(join(kiosk, 'style', `${surface}.css`), 'utf8')}`);
put('operators.css', [shared, readFileSync(join(kiosk, 'style', 'clerk.css'), 'utf8'), readFileSync(join(operators, 'operators.css'), 'utf8')].join('\n'));
for (const path of filesIn('script', '.js'))
    put(basename(path), readFileSync(path, 'utf8'));
for (const font of fonts) {
    mkdirSync(join(assets, 'fonts'), { recursive: true });
    copyFileSync(join(fontFolder, font), join(assets, 'fonts', `${font}.${process.pid}`));
    renameSync(join(assets, 'fonts', `${font}.${process.pid}`), join(assets, 'fonts', font));
}
