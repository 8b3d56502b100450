/**
 * The command `npm run audit`: checks an audit trail without a server, or beside a running one. It only reads.
 */
import { stat } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { backupPathOf } from '../config/server-folder.js';
import type { Environment } from '../config/settings.js';
import { BACKUP_PATH_DEFAULT } from '../config/variable.js';
import { errnoOf } from '../lib/error.js';
import { plural } from '../lib/text/plural.js';
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
      await checkFolder(folder, env);
      const check = await checkTrail(folder, { noted });
      out(json === true ? `${JSON.stringify(check, null, 2)}\n` : textOf(folder, check));
      ended(check.intact);
    });
}

async function checkFolder(folder: string, { BACKUP_PATH: set }: Environment): Promise<void> {
  try {
    if ((await stat(folder)).isDirectory()) return;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') return; // of all else it is told when the trail is read
    throw new Error(
      `There is no folder ${folder}. Name the backup folder, as in npm run audit -- ${BACKUP_PATH_DEFAULT}, or set ` +
        `BACKUP_PATH as it is set for the server (it is ${(set ?? '') === '' ? 'not set' : `"${set ?? ''}"`})`,
      { cause: error },
    );
  }
  throw new Error(`${folder} is no folder: name the backup folder`);
}

function textOf(
  folder: string,
  { intact, lines, firstSeq, lastSeq, lastHash, faults, faultCount }: AuditCheck,
): string {
  const rows = [
    lines === 0 && !intact
      ? `There is no audit trail in ${folder}: no server has used this folder, or the trail was taken away.`
      : `The audit trail in ${folder} is ${intact ? 'intact' : 'NOT intact'}: ` +
        `${firstSeq === undefined ? 'no lines' : plural(lines, `# {line|lines}, ${firstSeq} to ${lastSeq}`)}.`,
  ];
  if (lastHash !== undefined) rows.push(`Hash of the last line: ${lastHash}`);
  for (const { file, line, seq, message } of faults)
    rows.push(`${file}${line === undefined ? '' : `:${line}`}${seq === undefined ? '' : ` (line ${seq})`}: ${message}`);
  if (faultCount > faults.length) rows.push(plural(faultCount - faults.length, '... and # more {fault|faults}'));
  return rows.map((row) => `${row}\n`).join('');
}

function hashOf(text: string): string {
  const hash = HASH.exec(text)?.[1];
  if (hash === undefined) throw new InvalidArgumentError('It is no hash: write sha256: and 64 hexadecimal digits.');
  return `sha256:${hash.toLowerCase()}`;
}
