// SPDX-License-Identifier: EUPL-1.2
//
// The second implementation: the npm package jose does what the request in the file argv[2] says and prints the answer.
import { readFileSync } from 'node:fs';
import {
    CompactEncrypt, CompactSign, compactDecrypt, compactVerify, exportJWK, generateKeyPair, importJWK, importPKCS8, importSPKI,
    jwtVerify,
} from 'jose';

const pem = (kind, der) => `-----BEGIN ${kind} KEY-----\n${der.match(/.{1,64}/g).join('\n')}\n-----END ${kind} KEY-----\n`;
const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const privateKey = (der, alg) => importPKCS8(pem('PRIVATE', der), alg);

const acts = {
    async seal({ jwk, plain, header }) {
        // FIT-Connect says wrapKey; Web Crypto, under jose, does the same act under the name encrypt.
        const key = await importJWK({ ...jwk, key_ops: ['encrypt'] }, header.alg);
        return { compact: await new CompactEncrypt(Buffer.from(plain, 'base64')).setProtectedHeader(header).encrypt(key) };
    },
    async open({ der, compact }) {
        const opened = await compactDecrypt(compact, await privateKey(der, 'RSA-OAEP-256'), {
            keyManagementAlgorithms: ['RSA-OAEP-256'], contentEncryptionAlgorithms: ['A256GCM'],
        });
        return { plain: base64(opened.plaintext), header: opened.protectedHeader };
    },
    async sign({ der, payload, header }) {
        const key = await privateKey(der, header.alg);
        return { compact: await new CompactSign(Buffer.from(payload)).setProtectedHeader(header).sign(key) };
    },
    async verify({ jwk, compact }) {
        const verified = await compactVerify(compact, await importJWK(jwk, 'PS512'), { algorithms: ['PS512'] });
        return { payload: Buffer.from(verified.payload).toString(), header: verified.protectedHeader };
    },
    async verifyEvent({ jwk, compact, issuer, now }) {
        const verified = await jwtVerify(compact, await importJWK(jwk, 'PS512'), {
            algorithms: ['PS512'], typ: 'secevent+jwt', issuer, currentDate: new Date(now),
        });
        return { claims: verified.payload };
    },
    async makeKey({ alg }) {
        const { publicKey, privateKey: secret } = await generateKeyPair(alg, { modulusLength: 4096, extractable: true });
        const compact = await new CompactSign(Buffer.from('made by jose'))
            .setProtectedHeader({ typ: 'JWT', alg, kid: 'jose-key-1' }).sign(secret);
        return { jwk: { ...(await exportJWK(publicKey)), alg, kid: 'jose-key-1', key_ops: ['verify'] }, compact };
    },
    async exportKey({ der, alg }) {
        return { jwk: await exportJWK(await importSPKI(pem('PUBLIC', der), alg, { extractable: true })) };
    },
};

const request = JSON.parse(readFileSync(process.argv[2], 'utf8'));
try {
    console.log(JSON.stringify(await acts[request.act](request)));
} catch (error) {
    console.log(JSON.stringify({ refused: error.code ?? String(error) }));
}
