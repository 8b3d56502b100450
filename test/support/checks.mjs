// Format, types, lint and imports, two at a time, since none of them uses a second core: for `npm run check`, and for
// `npm test`, which runs them beside the tests. Says what it does and how far it is; what a check wrote is shown where it
// failed.

import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** By name; the longest first. */
const CHECKS = [
  ['types and lint', 'node test/support/types-and-lint.mjs'],
  ['imports', 'depcruise src --config .dependency-cruiser.cjs --output-type err'],
  ['format', 'biome check --error-on-warnings'],
];

/**
 * @param write is given lines, and what a check that failed wrote
 * @returns the checks that failed, by name and command
 */
export async function runChecks(write) {
  const say = (line) => write(`check: ${line}\n`);
  say(CHECKS.map(([name]) => name).join(', '));
  const waiting = [...CHECKS];
  const failed = [];
  let ended = 0;
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, line] = next;
      const began = performance.now();
      const { isGood, output } = await run(line);
      const how = isGood ? 'good' : `failed: ${line}`;
      say(`${++ended} of ${CHECKS.length}, ${name}: ${how}, ${Math.round((performance.now() - began) / 1_000)} s`);
      if (isGood) continue;
      write(output);
      failed.push(`${name} (${line})`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane));
  return failed;
}

function run(line) {
  const [command, ...words] = line.split(' ');
  return new Promise((resolve) => {
    const child = spawn(command, words, {
      cwd: ROOT,
      env: { ...process.env, PATH: [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    child.once('error', (error) => resolve({ isGood: false, output: `${output}${error.message}\n` }));
    child.once('close', (code) => resolve({ isGood: code === 0, output }));
  });
}
