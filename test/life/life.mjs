// npm run life: a restore, a confirmation, an undo, an expiry and a recovery, with everything that can go wrong at every
// moment of them. Says how far it is, and what was found; ends with code 1 when something was.
//   --case ID      one case alone, by the id that a failure is told with
//   --only TEXT    cases whose id has the text in it: a story, a moment, a fault
//   --sample N     so many cases, of every kind
//   --log          with --case: what the server logged, and every moment
//   --seed N       another order, another sample (default 1)
//   --workers N    default 2
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** On a disk in memory, where there is one: ovsdb-server and the store wait for every write. */
const FOLDER = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ovncp-lives-'));
process.once('exit', () => rmSync(FOLDER, { recursive: true, force: true, maxRetries: 3 }));
const SLOW_SHOWN = 3;
const EVERY_MS = 10_000;

const { values } = parseArgs({
  options: {
    case: { type: 'string' },
    log: { type: 'boolean', default: false },
    only: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
  },
});
const workers = values.case === undefined ? Number(values.workers) : 1;
const began = performance.now();
const results = [];
let all = 0;

const seconds = () => `${Math.round((performance.now() - began) / 1_000)} s`;
const failed = () => results.filter(({ problems }) => problems.length > 0);

function heard(line) {
  const message = JSON.parse(line.slice('life '.length));
  if (message.cases !== undefined) all += message.cases;
  if (message.log !== undefined) console.log(message.log);
  if (message.id === undefined) return;
  results.push(message);
  if (message.problems.length === 0) return;
  console.log(`FAILED (seed ${values.seed}): npm run life -- --case '${message.id}'`);
  for (const problem of message.problems) console.log(`    ${problem.slice(0, 600)}`);
}

function run(worker) {
  const { case: one, log, only, sample, seed } = values;
  const work = { worker, workers, case: one, log, only, seed: Number(seed), ...(sample && { sample: Number(sample) }) };
  const words = ['--testMatch', '**/test/life/whole.ts', '--reporters', 'default', '--runInBand'];
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/.bin/jest'), ...words], {
    cwd: ROOT,
    env: {
      ...process.env,
      TMPDIR: FOLDER,
      LIFE: JSON.stringify(work),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill(signal));
  let told = '';
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      if (line.startsWith('life ')) heard(line);
      else told += `${line}\n`;
    });
  return new Promise((resolve) => {
    child.once('close', (code) => {
      if (code !== 0) console.log(told);
      resolve(code === 0);
    });
  });
}

const ticker = setInterval(() => {
  console.log(`life: ${results.length} of ${all} cases, ${failed().length} failed, ${seconds()}`);
}, EVERY_MS);
const ends = await Promise.all(Array.from({ length: workers }, (_, worker) => run(worker)));
clearInterval(ticker);

const missed = results.filter(({ isSprung }) => !isSprung).length;
const slowest = [...results].sort((a, b) => b.ms - a.ms).slice(0, SLOW_SHOWN);
console.log(
  `life: ${new Set(results.map(({ id }) => id)).size} distinct cases, ${failed().length} failed, ${seconds()}` +
    (missed > 0 ? `; in ${missed} the moment did not come` : ''),
);
for (const { id, ms } of slowest) console.log(`  slow: ${Math.round(ms)} ms ${id}`);
if (failed().length > 0 || ends.includes(false) || results.length === 0) process.exitCode = 1;
