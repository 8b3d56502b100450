/** The log on a full disk, and in a pipe that nobody reads: lines are lost and counted, and nobody waits. */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, LogOutput } from '../../../src/lib/log.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-output-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('writes whole lines', () => {
  const fd = openSync(join(folder, 'log'), 'w');
  const output = new LogOutput(fd);
  createLog('info', output).info({ n: 1 }, 'äöü');
  closeSync(fd);
  expect(JSON.parse(readFileSync(join(folder, 'log'), 'utf8'))).toMatchObject({ level: 'info', n: 1, msg: 'äöü' });
  expect(output.lost).toBe(0);
});

it('loses what does not fit on the disk, and goes on', () => {
  const fd = openSync('/dev/full', 'w');
  const output = new LogOutput(fd);
  for (let i = 0; i < 3; i++) output.write(`line ${i}\n`);
  closeSync(fd);
  expect(output.lost).toBe(3);
});

it('says how many lines were lost as soon as one can be written, also where one was cut', () => {
  const path = join(folder, 'pipe');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const output = new LogOutput(writer);
  const long = `${'x'.repeat(9_000)}\n`;
  let written = 0;
  for (; output.lost === 0; written++) output.write(long);
  output.write('lost\n');
  expect(output.lost).toBe(2);
  const taken = take(reader);
  expect(taken.startsWith(long)).toBe(true);
  output.write('seen\n');
  expect(output.lost).toBe(2);
  const lines = (taken + take(reader)).split('\n');
  expect(lines.slice(0, written - 1)).toEqual(Array.from({ length: written - 1 }, () => long.trimEnd()));
  const about = lines.at(-3) ?? '';
  expect(JSON.parse(about)).toMatchObject({ level: 'warn', lost: 2, reason: 'EAGAIN' });
  expect(lines.slice(-2)).toEqual(['seen', '']);
  closeSync(writer);
  closeSync(reader);
});

it('goes on where the reader is gone', () => {
  const path = join(folder, 'pipe');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  const other = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  closeSync(other);
  const output = new LogOutput(writer);
  output.write('nobody reads this\n');
  expect(output.lost).toBe(1);
  closeSync(writer);
});

/** What is in the pipe. */
function take(fd: number): string {
  const pieces: string[] = [];
  const buffer = Buffer.alloc(1 << 16);
  for (;;) {
    try {
      const bytes = readSync(fd, buffer);
      if (bytes === 0) return pieces.join('');
      pieces.push(buffer.toString('utf8', 0, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return pieces.join('');
      throw error;
    }
  }
}
