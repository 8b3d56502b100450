/**
 * Configuration: the only reader of the environment. Everything is validated at once, every
 * fault is one line that names the variable, what is wrong and what is allowed.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { defined } from '../lib/defined.js';
import type { LogLevel } from '../lib/log.js';
import { nearestNames } from '../lib/text/nearest.js';
import { NORTHBOUND } from '../model/northbound/tables.js';
import { type DatabaseConfig, databaseOf } from './database-config.js';
import { type AUDITED_READS, BACKUP_PATH_DEFAULT, VARIABLES } from './variable.js';

/** Of our own listeners. */
export interface TlsConfig {
  readonly privateKeyFile: string;
  readonly certificateFile: string;
}

export interface AuthConfig {
  /** Shared secret of HS256/384/512 tokens; at least 32 bytes. */
  readonly jwtSecret?: string;
  /** Where the keys of RS, PS, ES and EdDSA tokens are fetched. */
  readonly jwksUrl?: string;
  readonly jwtIssuer?: string;
  readonly jwtAudience?: string;
  readonly tokensFile?: string;
}

/** What keeps one client from taking everything; a rate of 0 is no limit. */
export interface TrafficConfig {
  /** Requests, and operations on sockets, of one token. */
  readonly perTokenPerMinute: number;
  readonly perAddressPerMinute: number;
  /** Tokens of one address that are refused, before further ones are not looked at. */
  readonly failedLoginsPerMinute: number;
  readonly connectionsMax: number;
  readonly socketsPerAddressMax: number;
  /** Addresses and networks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Origins of web pages that may use the API besides our own. */
  readonly corsOrigins: readonly string[];
}

/** What drills may take of this machine. */
export interface DrillConfig {
  readonly atOnce: number;
  readonly secondsMax: number;
  /** Of the database server and northd of one drill, together. */
  readonly memoryBytesMax: number;
}

export interface Config {
  /** One at least, and one of them the default one. */
  readonly databases: readonly DatabaseConfig[];
  readonly backupPath: string;
  /** For files that nothing needs once the process is gone; `backupPath` if not set. */
  readonly statePath?: string;
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  readonly tls?: TlsConfig;
  /** Where /metrics is served instead of `port`; 0 means nowhere. */
  readonly metricsPort?: number;
  readonly logLevel: LogLevel;
  readonly auth: AuthConfig;
  readonly traffic: TrafficConfig;
  readonly introspection: boolean;
  /** Calls that only read, and have lines in the audit trail all the same. */
  readonly auditReads: (typeof AUDITED_READS)[number];
  readonly uploadBytesMax: number;
  /** Of a JSON body; importBackup's `data` arrives in one. */
  readonly bodyBytesMax: number;
  /** A plan of a cluster that is larger is applied in steps of at most so much. */
  readonly stepRowsMax: number;
  readonly stepBytesMax: number;
  /** A database whose last capture kept its server silent for longer is read in small steps from then on. */
  readonly silenceMsMax: number;
  /** How long a restore waits for northd and the chassis, with sync. */
  readonly syncSecondsMax: number;
  /** How long a restore can be undone; then nothing is left of it but its lines in the audit trail. */
  readonly restoresKeptDays: number;
  /** How long the server lets work end when it is told to stop. */
  readonly drainSecondsMax: number;
  readonly drills: DrillConfig;
}

export class ConfigError extends Error {
  /** @param faults one line each, fit to be printed */
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigError';
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

type Name = keyof typeof VARIABLES;
const NAMES = Object.keys(VARIABLES) as readonly Name[];
const SHAPE = z.object(VARIABLES);
type Values = z.output<typeof SHAPE>;

/**
 * Reads and checks the configuration.
 * @param env process.env, or a test's own
 * @returns a frozen Config
 * @throws ConfigError with every fault there is, not only the first
 */
export function loadConfig(env: Environment): Config {
  const faults = unknownVariables(env);
  const given = Object.fromEntries(
    NAMES.filter((name) => env[name] !== undefined && env[name] !== '').map((name) => [name, env[name]]),
  );
  const parsed = SHAPE.safeParse(given);
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) faults.push(describe(String(path[0]), given, message));
    throw new ConfigError(faults);
  }
  if (parsed.data.OVN_DB_NAME !== NORTHBOUND && given['OVN_NB_DB'] === undefined)
    faults.push('OVN_NB_DB: is not set; OVN_DB_NAME names another database, so say where that listens');
  faults.push(...contradictions(parsed.data));
  if (faults.length > 0) throw new ConfigError(faults);
  return freeze(parsed.data);
}

export interface TokensFile {
  readonly path: string;
  /** The variable that says so, or would. */
  readonly variable: 'OVNCP_TOKENS_FILE' | 'BACKUP_PATH';
  /** False where JWTs are configured and no token file is: the server then knows JWTs only. */
  readonly isUsed: boolean;
}

/** The file of static tokens that a server with this environment reads; checks nothing else of it. */
export function tokensFileOf(env: Environment): TokensFile {
  const given = env['OVNCP_TOKENS_FILE'];
  if (given !== undefined && given !== '') return { path: given, variable: 'OVNCP_TOKENS_FILE', isUsed: true };
  const isUsed = (env['OVNCP_JWT_SECRET'] ?? '') === '' && (env['OVNCP_JWKS_URL'] ?? '') === '';
  return { path: join(backupPathOf(env), 'tokens.json'), variable: 'BACKUP_PATH', isUsed };
}

/** The folder of a server with this environment; checks nothing else of it. */
export function backupPathOf({ BACKUP_PATH: folder }: Environment): string {
  return folder === undefined || folder === '' ? BACKUP_PATH_DEFAULT : folder;
}

function contradictions(values: Values): string[] {
  const faults: string[] = [];
  const ssl = ['OVNCP_SSL_PRIVATE_KEY', 'OVNCP_SSL_CERTIFICATE', 'OVNCP_SSL_CA_CERT'] as const;
  const missing = ssl.filter((name) => values[name] === undefined);
  const usesSsl = values.OVN_NB_DB.some((remote) => remote.kind === 'ssl');
  if (missing.length > 0 && (usesSsl || missing.length < ssl.length)) {
    const why = usesSsl ? 'OVN_NB_DB has an ssl: remote' : 'the three belong together';
    for (const name of missing) faults.push(`${name}: is not set; ${why}, so name the PEM file`);
  }
  const tls = ['OVNCP_TLS_CERT', 'OVNCP_TLS_KEY'] as const;
  const missingTls = tls.filter((name) => values[name] === undefined);
  if (missingTls.length === 1)
    faults.push(`${missingTls[0] ?? ''}: is not set; the two belong together, so name the PEM file`);
  if (
    values.OVNCP_METRICS_PORT !== undefined &&
    values.OVNCP_METRICS_PORT !== 0 &&
    values.OVNCP_METRICS_PORT === values.PORT
  ) {
    faults.push('OVNCP_METRICS_PORT: is PORT; leave it out to have /metrics there, or name another port');
  }
  if (values.OVNCP_JWT_SECRET !== undefined && values.OVNCP_JWKS_URL !== undefined) {
    faults.push('OVNCP_JWKS_URL: is set together with OVNCP_JWT_SECRET; set one of them');
  }
  const checksJwt = values.OVNCP_JWT_SECRET !== undefined || values.OVNCP_JWKS_URL !== undefined;
  for (const name of ['OVNCP_JWT_ISSUER', 'OVNCP_JWT_AUDIENCE'] as const) {
    if (values[name] !== undefined && !checksJwt)
      faults.push(`${name}: has no effect alone; set OVNCP_JWT_SECRET or OVNCP_JWKS_URL too`);
  }
  return faults;
}

function freeze(values: Values): Config {
  const { OVNCP_TLS_KEY: tlsKey, OVNCP_TLS_CERT: tlsCertificate } = values;
  const tls =
    tlsKey !== undefined && tlsCertificate !== undefined
      ? { tls: Object.freeze({ privateKeyFile: tlsKey, certificateFile: tlsCertificate }) }
      : {};
  const auth: AuthConfig = defined({
    jwtSecret: values.OVNCP_JWT_SECRET,
    jwksUrl: values.OVNCP_JWKS_URL,
    jwtIssuer: values.OVNCP_JWT_ISSUER,
    jwtAudience: values.OVNCP_JWT_AUDIENCE,
    tokensFile: values.OVNCP_TOKENS_FILE,
  });
  return Object.freeze({
    databases: Object.freeze([databaseOf(values)]),
    backupPath: values.BACKUP_PATH,
    ...defined({ statePath: values.OVNCP_STATE_PATH }),
    host: values.HOST,
    port: values.PORT,
    ...tls,
    ...defined({ metricsPort: values.OVNCP_METRICS_PORT }),
    logLevel: values.LOG_LEVEL,
    auth: Object.freeze(auth),
    traffic: Object.freeze({
      perTokenPerMinute: values.OVNCP_RATE_PER_TOKEN_PER_MINUTE,
      perAddressPerMinute: values.OVNCP_RATE_PER_ADDRESS_PER_MINUTE,
      failedLoginsPerMinute: values.OVNCP_FAILED_LOGINS_PER_MINUTE,
      connectionsMax: values.OVNCP_CONNECTIONS_MAX,
      socketsPerAddressMax: values.OVNCP_SOCKETS_PER_ADDRESS_MAX,
      trustedProxies: Object.freeze([...values.OVNCP_TRUSTED_PROXIES]),
      corsOrigins: Object.freeze([...values.OVNCP_CORS_ORIGINS]),
    }),
    introspection: values.OVNCP_INTROSPECTION === 'true',
    auditReads: values.OVNCP_AUDIT_READS,
    uploadBytesMax: values.OVNCP_UPLOAD_BYTES_MAX,
    bodyBytesMax: values.OVNCP_BODY_BYTES_MAX,
    stepRowsMax: values.OVNCP_STEP_ROWS_MAX,
    stepBytesMax: values.OVNCP_STEP_BYTES_MAX,
    silenceMsMax: values.OVNCP_CAPTURE_SILENCE_MS_MAX,
    syncSecondsMax: values.OVNCP_SYNC_SECONDS_MAX,
    restoresKeptDays: values.OVNCP_RESTORES_KEPT_DAYS,
    drainSecondsMax: values.OVNCP_DRAIN_SECONDS_MAX,
    drills: Object.freeze({
      atOnce: values.OVNCP_DRILLS_AT_ONCE,
      secondsMax: values.OVNCP_DRILL_SECONDS_MAX,
      memoryBytesMax: values.OVNCP_DRILL_MEMORY_BYTES_MAX,
    }),
  });
}

/** Set for the commands of the README, perhaps in the terminal in which the server then starts. */
const NOT_OURS: readonly string[] = ['OVNCP_URL'];

/** A typo in a security setting must not pass silently: every OVNCP_ variable must be one we know. */
function unknownVariables(env: Environment): string[] {
  const known: readonly string[] = NAMES;
  return Object.keys(env)
    .filter((name) => name.startsWith('OVNCP_') && !known.includes(name) && !NOT_OURS.includes(name))
    .map((name) => {
      const [near] = nearestNames(name, known, 1);
      const hint = near === undefined ? 'docs/configuration.md lists what there is' : `did you mean ${near}?`;
      return `${name}: is not known; ${hint}`;
    });
}

/** Never told: a mistake in it may be one letter. */
const SECRETS: readonly string[] = ['OVNCP_JWT_SECRET'];
const VALUE_CHARACTERS_MAX = 200;

/** Names the variable and, unless the message quotes the part of it that is wrong, what it holds. */
function describe(name: string, given: Readonly<Record<string, string | undefined>>, message: string): string {
  const value = (given[name] ?? '').replace(PASSWORD, '//***@').slice(0, VALUE_CHARACTERS_MAX);
  const quoted = SECRETS.includes(name) || message.startsWith('"') ? '' : `"${value}" `;
  return `${name}: ${quoted}${message}`.replaceAll(/\s*\n\s*/g, ' ');
}

/** In an address of the web. */
const PASSWORD = /\/\/[^@/]*@/;
