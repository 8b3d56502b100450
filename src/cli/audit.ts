/** `npm run audit`: runs the command with this process's arguments and environment. */
import { CommanderError } from 'commander';
import { explained } from '../lib/system-error.js';
import { auditCommand } from './audit-command.js';

const out = (text: string): void => void process.stdout.write(text);
const say = (text: string): void => void process.stderr.write(text);

try {
  const command = auditCommand({ env: process.env, out, say }, (isIntact) => {
    process.exitCode = isIntact ? 0 : 1;
  });
  await command.parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CommanderError)) say(`${explained(error)}\n`);
  process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
}
