/**
 * Configuration: the only reader of the environment, and of the file that OVNCP_CONFIG names. Everything is validated
 * at once, every fault is one line that names the setting, what is wrong and what is allowed.
 */
import { delimiter } from 'node:path';
import { defined } from '../lib/defined.js';
import type { LogLevel } from '../lib/log.js';
import { ConfigError } from './config-error.js';
import { databasesOf, OF_DATABASES } from './configured-databases.js';
import { contradictions } from './contradiction.js';
import type { DatabaseConfig } from './database-config.js';
import { faultOf, keyOf, NAMES, type Name, SECRETS, SHAPE, type Values } from './setting.js';
import { type Environment, Settings } from './settings.js';
import type { AUDITED_READS } from './variable.js';

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
  /** Folders of PATH, where the programs are looked for. */
  readonly searchPath: readonly string[];
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

/**
 * Reads and checks the configuration.
 * @param env process.env, or a test's own
 * @returns a frozen Config
 * @throws ConfigError with every fault there is, not only the first
 */
export function loadConfig(env: Environment): Config {
  return readConfig(env).config;
}

export interface LoadedConfig {
  readonly config: Config;
  /** As the variables and the file have them. */
  readonly values: Values;
  /** Whether the file lists the databases; otherwise the variables say the one there is. */
  readonly isListed: boolean;
}

/** As loadConfig, with what it was made of. @throws ConfigError */
export function readConfig(env: Environment): LoadedConfig {
  const settings = Settings.read(env);
  const faults = [...settings.faults];
  const parsed = SHAPE.safeParse(settings.texts());
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) faults.push(describe(path[0] as Name, message, settings));
    throw new ConfigError(faults);
  }
  const { databases, faults: ofDatabases } = databasesOf(parsed.data, settings);
  faults.push(...ofDatabases, ...contradictions(parsed.data, settings));
  if (faults.length > 0) throw new ConfigError(faults);
  const isListed = settings.file?.databases !== undefined;
  return { config: freeze(parsed.data, databases, env['PATH']), values: parsed.data, isListed };
}

/**
 * As readConfig, while a server runs. A file that has lost its list is one that is half written, and not the wish to
 * leave all databases for the one of the variables: that takes a start.
 * @param before what the server has
 * @throws ConfigError
 */
export function readConfigAgain(env: Environment, before: LoadedConfig): LoadedConfig {
  const next = readConfig(env);
  if (!before.isListed || next.isListed) return next;
  const ids = before.config.databases.map(({ id }) => id).join(', ');
  throw new ConfigError([
    `${env['OVNCP_CONFIG'] ?? ''}: databases: is not there any more; list them again (until now: ${ids}), or start ` +
      'the server anew to use the one database of the variables',
  ]);
}

function describe(name: Name, message: string, settings: Settings): string {
  const given = settings.get(name) ?? { text: '', place: name };
  return faultOf(given, message, SECRETS.has(name));
}

function freeze(values: Values, databases: readonly DatabaseConfig[], searchPath = ''): Config {
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
    databases: Object.freeze([...databases]),
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
      searchPath: Object.freeze(searchPath.split(delimiter).filter((folder) => folder !== '')),
    }),
  });
}

/** Names of the settings that differ and cannot be taken up while a server runs, as the file has them. */
export function laterSettings(before: Values, after: Values): readonly string[] {
  return NAMES.filter((name) => !OF_DATABASES.has(name) && text(before[name]) !== text(after[name])).map(keyOf);
}

const text = (value: unknown): string => JSON.stringify(value) ?? '';
