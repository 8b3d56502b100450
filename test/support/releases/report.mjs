// npm run releases: runs the tests of OVN releases, and prints what they have shown as the tables of docs/restoring.md.
//   --write   writes them into the page

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FETCHED_RELEASES, isFetched } from './fetch.mjs';
import { makeTables, withTables } from './tables.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PAGE = join(ROOT, 'docs/restoring.md');

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const folder = mkdtempSync(join(tmpdir(), 'ovncp-releases-'));
const file = join(folder, 'figures');

/** The exit code of the tests. */
function runTests() {
  writeFileSync(file, '');
  const words = [join(ROOT, 'node_modules/.bin/jest'), 'test/functional/releases'];
  const child = spawn(process.execPath, words, {
    cwd: ROOT,
    env: { ...process.env, RELEASE_FIGURES: file },
    stdio: 'inherit',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

try {
  process.exitCode = await runTests();
  if (process.exitCode === 0) {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    const tables = makeTables(lines.map((line) => JSON.parse(line)));
    console.log(`\n${tables.releases}\n\n${tables.pairs}\n`);
    const missing = FETCHED_RELEASES.filter((release) => !isFetched(release)).map(({ name }) => name);
    if (values.write && missing.length > 0) {
      console.error(`releases: nothing is written, as OVN ${missing.join(' and ')} could not be tested`);
      process.exitCode = 1;
    } else if (values.write) {
      writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8'), tables));
      console.log('releases: written into docs/restoring.md');
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
