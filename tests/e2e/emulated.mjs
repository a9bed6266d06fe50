// SPDX-License-Identifier: EUPL-1.2
//
// The control line of the emulated devices, for scripts that play with cards, paper and the terminal's memory.
import { connect } from 'node:net';

const patience = 10_000;

/** One line to the emulated devices; their answer. @param {string} socketPath @param {string} line @returns {Promise<any>} */
export function tellDevices(socketPath, line) {
    return new Promise((resolve, reject) => {
        const socket = connect(socketPath, () => socket.write(`${line}\n`));
        let answer = '';
        socket.setTimeout(patience, () => socket.destroy(new Error('the emulated devices do not answer')));
        socket.on('data', (part) => {
            answer += part;
            if (!answer.includes('\n')) return;
            socket.end();
            const said = JSON.parse(answer);
            if (said.error === undefined) resolve(said);
            else reject(new Error(`${line}: ${answer}`));
        });
        socket.on('error', reject);
    });
}
