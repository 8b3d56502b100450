// npm run oracle: random databases, random changes by others, random restores and their undos, judged by what the
// documentation says a restore means, and not by how it is done. Says how far it is, and what was found; ends with
// code 1 when something was.
//   --seeds N      so many cases (default 200)
//   --from N       the first seed (default 1)
//   --seed N       one case alone, with all that happens in it
//   --workers N    default 1
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** On a disk in memory, where there is one: ovsdb-server and the store wait for every write. */
const FOLDER = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ovncp-oracle-'));
process.once('exit', () => rmSync(FOLDER, { recursive: true, force: true, maxRetries: 3 }));
const EVERY_MS = 10_000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    workers: { type: 'string', default: '1' },
  },
});
const one = values.seed;
const from = Number(one ?? values.from);
const seeds = one === undefined ? Number(values.seeds) : 1;
const workers = one === undefined ? Number(values.workers) : 1;
const began = performance.now();
let cases = 0;
let restores = 0;
let failed = 0;
/** Law -> how many cases broke it. */
const laws = new Map();
/** What kinds of restores and undos there were, and how they ended -> how many. */
const kinds = new Map();

const seconds = () => `${Math.round((performance.now() - began) / 1_000)} s`;
const soFar = () => `${cases} of ${seeds} seeds from ${from}, ${restores} restores, ${failed} failed, ${seconds()}`;

const add = (map, key) => map.set(key, (map.get(key) ?? 0) + 1);

function heard({ seed, restores: count, problems, kinds: had, story }) {
  cases++;
  restores += count;
  for (const kind of had) add(kinds, kind);
  if (one !== undefined) for (const line of story) console.log(line);
  if (problems.length === 0) return;
  failed++;
  for (const law of new Set(problems.map((problem) => problem.split(':')[0]))) add(laws, law);
  console.log(`FAILED: npm run oracle -- --seed ${seed}`);
  for (const problem of problems) console.log(`    ${problem.slice(0, 600)}`);
}

function run(worker) {
  const words = ['--testMatch', '**/test/oracle/whole.ts', '--reporters', 'default', '--runInBand'];
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/.bin/jest'), ...words], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: FOLDER, ORACLE: JSON.stringify({ from, seeds, worker, workers }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill(signal));
  let told = '';
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      if (line.startsWith('oracle ')) heard(JSON.parse(line.slice('oracle '.length)));
      else told += `${line}\n`;
    });
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      if (code !== 0) console.log(`${told}oracle: worker ${worker} ended with ${signal ?? `code ${code}`}`);
      resolve(code === 0);
    });
  });
}

const ticker = setInterval(() => console.log(`oracle: ${soFar()}`), EVERY_MS);
const ends = await Promise.all(Array.from({ length: workers }, (_, worker) => run(worker)));
clearInterval(ticker);
console.log(`oracle: ${soFar()}`);
for (const [kind, count] of [...kinds].sort()) console.log(`  ${String(count).padStart(5)} ${kind}`);
for (const [law, count] of laws) console.log(`  broken in ${count} cases: ${law}`);
if (failed > 0 || ends.includes(false) || cases !== seeds) process.exitCode = 1;
