/** What commands that run beside a server need of its configuration. They check nothing else of it. */
import { join } from 'node:path';
import { ConfigError } from './config-error.js';
import type { Name } from './setting.js';
import { type Environment, Settings } from './settings.js';
import { BACKUP_PATH_DEFAULT } from './variable.js';

export interface TokensFile {
  readonly path: string;
  /** What says so, or would: OVNCP_TOKENS_FILE, or "backupPath in /etc/ovncp.yaml". */
  readonly setting: string;
  /** Whether that is set. */
  readonly isSet: boolean;
  /** False where JWTs are configured and no token file is: the server then knows JWTs only. */
  readonly isUsed: boolean;
}

/**
 * The file of static tokens that a server with this environment reads.
 * @throws ConfigError when the configuration file cannot be read as such
 */
export function tokensFileOf(env: Environment): TokensFile {
  const settings = settingsOf(env);
  const given = settings.get('OVNCP_TOKENS_FILE');
  if (given !== undefined)
    return { path: given.text, setting: named('OVNCP_TOKENS_FILE', settings), isSet: true, isUsed: true };
  const isUsed = settings.get('OVNCP_JWT_SECRET') === undefined && settings.get('OVNCP_JWKS_URL') === undefined;
  const path = join(pathOf(settings), 'tokens.json');
  const isSet = settings.get('BACKUP_PATH') !== undefined;
  return { path, setting: named('BACKUP_PATH', settings), isSet, isUsed };
}

/** The folder of a server with this environment. @throws ConfigError as tokensFileOf */
export function backupPathOf(env: Environment): string {
  return pathOf(settingsOf(env));
}

/** A fault of the file may be in the very line that is looked for. */
function settingsOf(env: Environment): Settings {
  const settings = Settings.read({ ...known(env) });
  if (settings.faults.length > 0) throw new ConfigError(settings.faults);
  return settings;
}

/** What a server would refuse of the environment itself is nothing to these commands. */
function known(env: Environment): Environment {
  const names: readonly Name[] = [
    'OVNCP_CONFIG',
    'BACKUP_PATH',
    'OVNCP_TOKENS_FILE',
    'OVNCP_JWT_SECRET',
    'OVNCP_JWKS_URL',
  ];
  return Object.fromEntries(names.map((name) => [name, env[name]]));
}

function named(name: Name, settings: Settings): string {
  const { file } = settings;
  const said = settings.nameOf(name);
  return said === name || file === undefined ? name : `${said} in ${file.file}`;
}

function pathOf(settings: Settings): string {
  return settings.get('BACKUP_PATH')?.text ?? BACKUP_PATH_DEFAULT;
}
