/** `npm run token`: runs the command with this process's arguments and environment. */
import { CommanderError } from 'commander';
import { systemClock } from '../lib/clock.js';
import { explained } from '../lib/system-error.js';
import { tokenCommand } from './token-command.js';

const out = (text: string): void => void process.stdout.write(text);
const say = (text: string): void => void process.stderr.write(text);

try {
  await tokenCommand({ env: process.env, clock: systemClock, out, say }).parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CommanderError)) say(`${explained(error)}\n`);
  process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
}
