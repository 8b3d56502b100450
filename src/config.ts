/**
 * Configuration: the only reader of the environment. Everything is validated at once, every
 * fault is one line that names the variable, what is wrong and what is allowed.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { z } from 'zod';
import { LOG_LEVELS } from './lib/log.js';
import { nearestNames } from './lib/nearest.js';
import type { LogLevel } from './lib/log.js';
import { parseRemotes } from './ovsdb/remote.js';
import type { Remote } from './ovsdb/remote.js';

export interface SslConfig {
  readonly privateKeyFile: string;
  readonly certificateFile: string;
  readonly caCertificateFile: string;
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

export interface Config {
  readonly remotes: readonly Remote[];
  readonly ssl?: SslConfig;
  readonly backupPath: string;
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly auth: AuthConfig;
  readonly introspection: boolean;
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
}

export class ConfigError extends Error {
  /** @param faults one line each, fit to be printed */
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigError';
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

const MIB = 1024 * 1024;
const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

const text = z.string().min(1);
const path = text.refine((value) => !value.includes('\0'), 'has a zero byte; write a path');
const readableFile = path.superRefine((value, context) => {
  const fault = unreadable(value);
  if (fault !== undefined) context.addIssue(`${fault}; name a file that this process may read`);
});
const remotes = text.transform((value, context): readonly Remote[] => {
  try {
    return parseRemotes(value);
  } catch (error) {
    context.addIssue(error instanceof Error ? error.message : String(error));
    return z.NEVER;
  }
});
const jwksUrl = text.refine(isSafeUrl, 'is not an address to fetch keys from; write https://..., or http:// on localhost only');
const jwtSecret = z.string().refine((value) => Buffer.byteLength(value) >= 32, 'is too short; use at least 32 bytes');

/** Variable -> how it is read. An empty variable counts as not set. */
const VARIABLES = {
  OVN_NB_DB: remotes.default(parseRemotes('unix:/var/run/ovn/ovnnb_db.sock')),
  OVNCP_SSL_PRIVATE_KEY: readableFile.optional(),
  OVNCP_SSL_CERTIFICATE: readableFile.optional(),
  OVNCP_SSL_CA_CERT: readableFile.optional(),
  BACKUP_PATH: path.default('/var/lib/ovncp/backups'),
  HOST: text.regex(/^[A-Za-z0-9.:_-]+$/, 'is not a host name or an address').default('127.0.0.1'),
  PORT: integer(0, 65_535).default(4000),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `is not a level; use one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  OVNCP_JWT_SECRET: jwtSecret.optional(),
  OVNCP_JWKS_URL: jwksUrl.optional(),
  OVNCP_JWT_ISSUER: text.optional(),
  OVNCP_JWT_AUDIENCE: text.optional(),
  OVNCP_TOKENS_FILE: path.optional(),
  OVNCP_INTROSPECTION: z.enum(['true', 'false'], { error: 'must be true or false' }).default('true'),
  OVNCP_UPLOAD_BYTES_MAX: integer(1024, 1024 ** 4).default(2048 * MIB),
  OVNCP_BODY_BYTES_MAX: integer(1024, 512 * MIB).default(64 * MIB),
  OVNCP_STEP_ROWS_MAX: integer(1, 1_000_000).default(2_000),
  OVNCP_STEP_BYTES_MAX: integer(1024, 512 * MIB).default(MIB),
  OVNCP_CAPTURE_SILENCE_MS_MAX: integer(1, 3_600_000).default(15_000),
  OVNCP_SYNC_SECONDS_MAX: integer(1, 3_600).default(60),
} as const;

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
  const given = Object.fromEntries(NAMES.filter((name) => env[name] !== undefined && env[name] !== '').map((name) => [name, env[name]]));
  const parsed = SHAPE.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) faults.push(`${String(issue.path[0])}: ${describe(issue.message)}`);
    throw new ConfigError(faults);
  }
  faults.push(...contradictions(parsed.data));
  if (faults.length > 0) throw new ConfigError(faults);
  return freeze(parsed.data);
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
  if (values.OVNCP_JWT_SECRET !== undefined && values.OVNCP_JWKS_URL !== undefined) {
    faults.push('OVNCP_JWKS_URL: is set together with OVNCP_JWT_SECRET; set one of them');
  }
  const checksJwt = values.OVNCP_JWT_SECRET !== undefined || values.OVNCP_JWKS_URL !== undefined;
  for (const name of ['OVNCP_JWT_ISSUER', 'OVNCP_JWT_AUDIENCE'] as const) {
    if (values[name] !== undefined && !checksJwt) faults.push(`${name}: has no effect alone; set OVNCP_JWT_SECRET or OVNCP_JWKS_URL too`);
  }
  return faults;
}

function freeze(values: Values): Config {
  const { OVNCP_SSL_PRIVATE_KEY: key, OVNCP_SSL_CERTIFICATE: certificate, OVNCP_SSL_CA_CERT: ca } = values;
  const ssl =
    key !== undefined && certificate !== undefined && ca !== undefined
      ? { ssl: Object.freeze({ privateKeyFile: key, certificateFile: certificate, caCertificateFile: ca }) }
      : {};
  const auth: AuthConfig = {
    ...(values.OVNCP_JWT_SECRET === undefined ? {} : { jwtSecret: values.OVNCP_JWT_SECRET }),
    ...(values.OVNCP_JWKS_URL === undefined ? {} : { jwksUrl: values.OVNCP_JWKS_URL }),
    ...(values.OVNCP_JWT_ISSUER === undefined ? {} : { jwtIssuer: values.OVNCP_JWT_ISSUER }),
    ...(values.OVNCP_JWT_AUDIENCE === undefined ? {} : { jwtAudience: values.OVNCP_JWT_AUDIENCE }),
    ...(values.OVNCP_TOKENS_FILE === undefined ? {} : { tokensFile: values.OVNCP_TOKENS_FILE }),
  };
  return Object.freeze({
    remotes: Object.freeze([...values.OVN_NB_DB]),
    ...ssl,
    backupPath: values.BACKUP_PATH,
    host: values.HOST,
    port: values.PORT,
    logLevel: values.LOG_LEVEL,
    auth: Object.freeze(auth),
    introspection: values.OVNCP_INTROSPECTION === 'true',
    uploadBytesMax: values.OVNCP_UPLOAD_BYTES_MAX,
    bodyBytesMax: values.OVNCP_BODY_BYTES_MAX,
    stepRowsMax: values.OVNCP_STEP_ROWS_MAX,
    stepBytesMax: values.OVNCP_STEP_BYTES_MAX,
    silenceMsMax: values.OVNCP_CAPTURE_SILENCE_MS_MAX,
    syncSecondsMax: values.OVNCP_SYNC_SECONDS_MAX,
  });
}

/** A typo in a security setting must not pass silently: every OVNCP_ variable must be one we know. */
function unknownVariables(env: Environment): string[] {
  const known: readonly string[] = NAMES;
  return Object.keys(env)
    .filter((name) => name.startsWith('OVNCP_') && !known.includes(name))
    .map((name) => {
      const [near] = nearestNames(name, known, 1);
      return `${name}: is not known; ${near === undefined ? 'README.md lists what there is' : `did you mean ${near}?`}`;
    });
}

function integer(least: number, most: number): z.ZodType<number, string> {
  const fault = `must be an integer from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, fault)
    .transform(Number)
    .refine((value) => value >= least && value <= most, fault);
}

function unreadable(file: string): string | undefined {
  try {
    if (!statSync(file).isFile()) return `"${file}" is not a file`;
    accessSync(file, constants.R_OK);
    return undefined;
  } catch {
    // Missing, in a folder that may not be searched, not ours: for the operator it is one fault.
    return `"${file}" cannot be read`;
  }
}

function isSafeUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK_HOSTS.has(url.hostname));
}

function describe(message: string): string {
  return message.replaceAll(/\s*\n\s*/g, ' ');
}
