// SPDX-License-Identifier: EUPL-1.2
//
// A payment service (Bezahldienst) to try with: XBezahldienste 1.0.0 (facts/portal.md 3.1) behind OAuth2 client credentials and a client certificate, over TLS, and
// the page where a phone pays. Nothing behind it but a map; it shares no code with amt-sync, so that a word which is spelt otherwise there is found here.
//
// node tests/e2e/payment_service.mjs PORT KEY CERTIFICATE CLIENT_SECRET CLIENT_CERTIFICATE
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [port, key, certificate, secret, client] = process.argv.slice(2);
const origin = `https://127.0.0.1:${port}`;
const base = '/xbezahldienste/paymenttransaction/musterstadt/059990999999';
const basic = `Basic ${Buffer.from(`amtsstube:${encodeURIComponent(secret)}`).toString('base64')}`;

/** @type {Map<string, { asked: any, status: string, method?: string, at: string }>} */
const transactions = new Map();
/** @type {Set<string>} */
const tokens = new Set();

/** What is wrong with a request, in the standard's words. @param {any} asked */
function faultOf(asked) {
    const known = ['requestId', 'requestTimestamp', 'currency', 'grosAmount', 'purpose', 'description', 'redirectUrl', 'items'];
    const ofItem = ['id', 'reference', 'description', 'taxRate', 'quantity', 'totalNetAmount', 'totalTaxAmount', 'singleNetAmount', 'singleTaxAmount', 'bookingData'];
    const cents = (/** @type {number} */ amount) => Math.round(amount * 100);
    // A requestor is known to the standard, and has no business here.
    if (typeof asked !== 'object' || asked === null || Object.keys(asked).some((word) => !known.includes(word))) return 'VALIDATION_ERROR';
    if (!/^[\w-]{1,36}$/.test(asked.requestId) || Number.isNaN(Date.parse(asked.requestTimestamp)) || asked.currency !== 'EUR') return 'VALIDATION_ERROR';
    if (typeof asked.grosAmount !== 'number' || !(asked.grosAmount > 0 && asked.grosAmount <= 999999)) return 'VALIDATION_ERROR';
    if (!/^[\w\s-]{1,27}$/.test(asked.purpose) || (asked.description ?? '').length > 250 || !URL.canParse(asked.redirectUrl)) return 'VALIDATION_ERROR';
    if (!Array.isArray(asked.items) || asked.items.length < 1 || asked.items.length > 99) return 'VALIDATION_ERROR';
    let sum = 0;
    for (const item of asked.items) {
        if (ofItem.some((word) => !(word in item)) || Object.keys(item).some((word) => !ofItem.includes(word))) return 'VALIDATION_ERROR';
        if (cents(item.singleNetAmount) * item.quantity !== cents(item.totalNetAmount)) return 'CALCULATION_ERROR';
        if (cents(item.singleTaxAmount) * item.quantity !== cents(item.totalTaxAmount)) return 'CALCULATION_ERROR';
        if (!item.bookingData?.haushaltsstelle) return 'BOOKING_DATA_MISSING';
        sum += cents(item.totalNetAmount) + cents(item.totalTaxAmount);
    }
    return sum === cents(asked.grosAmount) ? '' : 'CALCULATION_ERROR';
}

/** @param {string} id */
function told(id) {
    const { asked, status, method, at } = /** @type {any} */ (transactions.get(id));
    return {
        paymentInformation: {
            transactionUrl: `${origin}${base}/${id}`, transactionRedirectUrl: `${origin}/zahlen/${id}`, transactionId: id, transactionReference: `MS-${id.slice(0, 8)}`,
            transactionTimestamp: at, ...(method ? { paymentMethod: method, paymentMethodDetail: 'visa' } : {}), status, statusDetail: '',
        },
        paymentRequest: asked,
    };
}

/** @param {string} text */
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** What a phone shows. @param {string} id */
function payPage(id) {
    const transaction = transactions.get(id);
    const open = transaction?.status === 'INITIAL';
    const line = !transaction ? 'Diese Zahlung gibt es nicht.' : open ? `${transaction.asked.grosAmount.toFixed(2).replace('.', ',')} € an die Stadt Musterstadt, ${escaped(transaction.asked.purpose)}`
        : { PAYED: 'Bezahlt. Vielen Dank.', FAILED: 'Die Zahlung hat nicht geklappt.', CANCELED: 'Abgebrochen.' }[transaction.status];
    const buttons = [['PAYED', 'Bezahlen'], ['FAILED', 'Karte abgelehnt'], ['CANCELED', 'Abbrechen']]
        .map(([value, name]) => `<p><button name="become" value="${value}">${name}</button></p>`).join('');
    return `<!DOCTYPE html><html lang="de"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Bezahldienst zum Ausprobieren</title>
<h1>Bezahldienst zum Ausprobieren</h1><p>${line}</p>${open ? `<form method="post">${buttons}</form>` : ''}</html>`;
}

createServer({ key: readFileSync(key), cert: readFileSync(certificate), minVersion: 'TLSv1.3', ca: readFileSync(client), requestCert: true, rejectUnauthorized: false }, (request, response) => {
    let body = '';
    request.on('data', (piece) => (body += piece));
    request.on('end', () => {
        const path = request.url ?? '';
        /** @param {number} status @param {unknown} what @param {string} [type] */
        const answer = (status, what, type = 'application/json') => {
            response.writeHead(status, { 'content-type': type }).end(typeof what === 'string' ? what : JSON.stringify(what));
        };
        /** @param {number} status @param {string} functionalCode */
        const refuse = (status, functionalCode) => answer(status, { type: 'about:blank', title: 'Fehler', status, functionalCode }, 'application/problem+json');
        // Phones have no certificate; whoever wants a token or a transaction must show one.
        const known = /** @type {import('node:tls').TLSSocket} */ (request.socket).authorized;
        if (path === '/oauth/token') {
            if (!known) return answer(403, { error: 'no client certificate' });
            if (request.headers.authorization !== basic || new URLSearchParams(body).get('grant_type') !== 'client_credentials') return answer(401, { error: 'invalid_client' });
            const token = randomBytes(24).toString('base64url');
            tokens.add(token);
            return answer(200, { access_token: token, token_type: 'Bearer', expires_in: 600 });
        }
        const page = /^\/zahlen\/([\w-]+)$/.exec(path);
        if (page) {
            const transaction = transactions.get(page[1]);
            const become = new URLSearchParams(body).get('become');
            if (request.method === 'POST' && transaction?.status === 'INITIAL' && become) {
                transaction.status = become;
                if (become === 'PAYED') transaction.method = 'CREDITCARD';
            }
            return answer(transaction ? 200 : 404, payPage(page[1]), 'text/html; charset=utf-8');
        }
        // What a test reads in place of the code on the screen.
        if (path === '/newest' && request.method === 'GET') return answer(200, { id: [...transactions.keys()].at(-1) ?? null, count: transactions.size });
        if (!known || !tokens.has((request.headers.authorization ?? '').replace(/^Bearer /, ''))) return answer(401, {});
        if (request.method === 'POST' && path === base) {
            let asked;
            try {
                asked = JSON.parse(body);
            } catch {
                return refuse(400, 'VALIDATION_ERROR');
            }
            const fault = faultOf(asked);
            if (fault) return refuse(400, fault);
            for (const [id, transaction] of transactions)
                if (transaction.asked.requestId === asked.requestId) return answer(200, told(id));
            const id = randomUUID();
            transactions.set(id, { asked, status: 'INITIAL', at: new Date().toISOString() });
            return answer(201, told(id));
        }
        const id = path.startsWith(`${base}/`) ? path.slice(base.length + 1) : '';
        return request.method === 'GET' && transactions.has(id) ? answer(200, told(id)) : refuse(404, 'NO_VALID_ORIGINATOR_OR_ENDPOINT');
    });
}).listen(Number(port), '127.0.0.1');
