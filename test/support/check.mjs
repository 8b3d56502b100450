// npm run check: format, types, lint and imports, two at a time, since none of them uses a second core. Says what it
// does and how far it is; what a check wrote is shown where it failed. Ends with code 1 when one did.

import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The longest first. */
const CHECKS = [
  ['lint', 'eslint src test'],
  ['types', 'tsc -p tsconfig.json --noEmit'],
  ['imports', 'depcruise src --config .dependency-cruiser.cjs --output-type err'],
  ['types of the page', 'tsc -p src/web/ide/tsconfig.json --noEmit'],
  ['format', 'biome check --error-on-warnings'],
];

const say = (line) => console.log(`check: ${line}`);
let ended = 0;

/** @returns whether it found nothing */
function run(name, line) {
  const [command, ...words] = line.split(' ');
  const began = performance.now();
  return new Promise((resolve) => {
    const child = spawn(join(ROOT, 'node_modules/.bin', command), words, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    const end = (isGood) => {
      ended++;
      const how = isGood ? 'good' : `failed: ${line}`;
      say(`${ended} of ${CHECKS.length}, ${name}: ${how}, ${Math.round((performance.now() - began) / 1_000)} s`);
      if (!isGood) process.stdout.write(output);
      resolve(isGood);
    };
    child.once('error', (error) => {
      output += `${error.message}\n`;
      end(false);
    });
    child.once('close', (code) => end(code === 0));
  });
}

say(`${CHECKS.map(([name]) => name).join(', ')}`);
const waiting = [...CHECKS];
const lane = async () => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
    if (!(await run(...next))) process.exitCode = 1;
};
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane));
