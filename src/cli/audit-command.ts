/**
 * The command `npm run audit`: checks an audit trail without a server, or beside a running one. It only reads.
 */
import { Command, InvalidArgumentError } from 'commander';
import { backupPathOf, type Environment } from '../config/config.js';
import { type AuditCheck, checkTrail } from '../service/audit/chain-check.js';

export interface AuditCommandOptions {
  readonly env: Environment;
  readonly out: (text: string) => void;
  readonly say: (text: string) => void;
}

interface Flags {
  readonly json?: boolean;
  readonly noted?: string;
}

const HASH = /^(?:sha256:)?([0-9a-f]{64})$/i;

/**
 * The command, to be run with parseAsync; tells `ended` whether the trail is intact.
 * @throws AppError STORE_UNAVAILABLE, CommanderError
 */
export function auditCommand({ env, out, say }: AuditCommandOptions, ended: (isIntact: boolean) => void): Command {
  return new Command('audit')
    .description(
      'Checks the audit trail of a backup folder: finds lines that were edited, removed, inserted, moved or cut ' +
        'off. Ends with 1 when it is not intact.',
    )
    .configureOutput({ writeOut: out, writeErr: say })
    .exitOverride()
    .argument('[folder]', 'the backup folder', backupPathOf(env))
    .option(
      '--noted <hash>',
      'the hash of a line as it was noted elsewhere: also finds a trail that was made anew from before it',
      hashOf,
    )
    .option('--json', 'as JSON')
    .action(async (folder: string, { json, noted }: Flags) => {
      const check = await checkTrail(folder, { noted });
      out(json === true ? `${JSON.stringify(check, null, 2)}\n` : textOf(folder, check));
      ended(check.intact);
    });
}

function textOf(
  folder: string,
  { intact, lines, firstSeq, lastSeq, lastHash, faults, faultCount }: AuditCheck,
): string {
  const what = firstSeq === undefined ? 'no lines' : `${lines} lines, ${firstSeq} to ${lastSeq}`;
  const rows = [`The audit trail in ${folder} is ${intact ? 'intact' : 'NOT intact'}: ${what}.`];
  if (lastHash !== undefined) rows.push(`Hash of the last line: ${lastHash}`);
  for (const { file, line, seq, message } of faults)
    rows.push(`${file}${line === undefined ? '' : `:${line}`}${seq === undefined ? '' : ` (line ${seq})`}: ${message}`);
  if (faultCount > faults.length) rows.push(`... and ${faultCount - faults.length} more faults`);
  return rows.map((row) => `${row}\n`).join('');
}

function hashOf(text: string): string {
  const hash = HASH.exec(text)?.[1];
  if (hash === undefined) throw new InvalidArgumentError('It is no hash: write sha256: and 64 hexadecimal digits.');
  return `sha256:${hash.toLowerCase()}`;
}
