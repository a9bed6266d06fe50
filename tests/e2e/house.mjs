// SPDX-License-Identifier: EUPL-1.2
//
// A house for a script: ./amt run on a fresh state, then the script with its addresses, then the end of the house. AMT_RUN_OPTIONS: more of its options.
//
// node tests/e2e/house.mjs BUILD PORTS SCRIPT [ARGUMENT...]
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [build, ports, script, ...rest] = process.argv.slice(2);
const root = fileURLToPath(new URL('../..', import.meta.url));
if (!existsSync(join(root, 'node_modules', 'playwright-core')) || !existsSync('/usr/bin/chromium') || process.getuid?.() !== 0) {
    console.log('SKIPPED: e2e_journey: needs node_modules, Chromium and root');
    process.exit(77);
}
const state = mkdtempSync(join(tmpdir(), 'amt-house-'));
const house = spawn(join(root, 'amt'), ['run', '--state', state, '--ports', ports, ...(process.env.AMT_RUN_OPTIONS ?? '').split(' ').filter(Boolean)],
    { env: { ...process.env, AMT_BUILD: build }, stdio: ['ignore', 'ignore', 'inherit'] });
const over = new Promise((resolve) => house.on('exit', resolve));
const addresses = join(state, 'run', 'addresses.json');
for (let i = 0; i < 1800 && !existsSync(addresses); ++i) await new Promise((resolve) => setTimeout(resolve, 100));
const { status } = spawnSync(process.execPath, [script, addresses, ...rest], { stdio: 'inherit' });
house.kill('SIGINT');
await over;
if (status === 0) rmSync(state, { recursive: true, force: true });
else console.log(`logs: ${state}/log`);
process.exit(status ?? 1);
