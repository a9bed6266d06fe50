// SPDX-License-Identifier: EUPL-1.2
//
// The TypeScript compiler over our ES modules: nothing is compiled, types in comments are checked strictly.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { skip, source } from './browser.mjs';

const compiler = join(source, 'node_modules', 'typescript', 'bin', 'tsc');
if (!existsSync(compiler)) skip('no node_modules (npm ci)');
for (const project of ['kiosk', 'tests/e2e']) {
    const result = spawnSync(process.execPath, [compiler, '--project', join(source, project, 'tsconfig.json')], { stdio: 'inherit' });
    if (result.status !== 0) process.exit(1);
}
console.log('types hold');
