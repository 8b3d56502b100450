/** The variables: what each may hold, how it is read, and what holds where it is not set. */
import { accessSync, constants, statSync } from 'node:fs';
import proxyAddr from '@fastify/proxy-addr';
import { z } from 'zod';
import { LOG_LEVELS } from '../lib/log.js';
import { reasonOf } from '../lib/system-error.js';
import type { RuntimeKey } from '../model/northbound/runtime.js';
import { NORTHBOUND } from '../model/northbound/tables.js';
import type { Remote } from '../ovsdb/remote.js';
import { parseRemotes } from '../ovsdb/remote.js';

const MIB = 1024 * 1024;
export const BACKUP_PATH_DEFAULT = '/var/lib/ovncp/backups';
/** Calls that only read, and have lines in the audit trail all the same. */
export const AUDITED_READS = ['none', 'exports', 'all'] as const;
const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

const text = z.string().min(1);
const path = text.refine((value) => !value.includes('\0'), 'has a zero byte; write a path');
export const readableFile = path.superRefine((value, context) => {
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
export const databaseName = text.regex(
  /^[A-Za-z_]\w{0,99}$/,
  'is not the name of a database; write it as ovsdb-server has it, such as OVN_Northbound',
);
const jwksUrl = text.refine(
  isSafeUrl,
  'is not an address to fetch keys from; write https://..., or http:// on localhost only',
);
const proxies = list(
  'is not an address or a network; write 10.0.0.1, 10.0.0.0/8 or fd00::/8, separated by commas',
  isNetwork,
);
const origins = list(
  'is not an origin; write https://console.example without a path, separated by commas (* is not taken)',
  isOrigin,
);
/** A key may hold anything. */
const RUNTIME_KEY = /^(?<table>[A-Za-z]\w*)\.(?<column>[A-Za-z]\w*):(?<key>.+)$/;
const NO_KEY = 'is not a key of a map; write TABLE.COLUMN:KEY, such as NB_Global.external_ids:heartbeat';
const runtimeKeys = list(`${NO_KEY}, separated by commas`, (item) => RUNTIME_KEY.test(item)).transform((items) =>
  items.map((item) => keyIn(item)),
);

function keyIn(item: string): RuntimeKey {
  const { table = '', column = '', key = '' } = RUNTIME_KEY.exec(item)?.groups ?? {};
  return Object.freeze({ table, column, key });
}

/** One of a list, in which a key may have commas. */
export function runtimeKey(item: string, context: z.RefinementCtx): RuntimeKey {
  if (!RUNTIME_KEY.test(item)) context.addIssue(`"${item}" ${NO_KEY}`);
  return keyIn(item);
}

const jwtSecret = z.string().refine((value) => Buffer.byteLength(value) >= 32, 'is too short; use at least 32 bytes');

/** Variable -> how it is read. An empty variable counts as not set. A fault completes: variable: "value" ... */
export const VARIABLES = {
  OVNCP_CONFIG: path.optional(),
  OVN_NB_DB: remotes.default(parseRemotes('unix:/var/run/ovn/ovnnb_db.sock')),
  OVN_DB_NAME: databaseName.default(NORTHBOUND),
  OVNCP_SSL_PRIVATE_KEY: readableFile.optional(),
  OVNCP_SSL_CERTIFICATE: readableFile.optional(),
  OVNCP_SSL_CA_CERT: readableFile.optional(),
  BACKUP_PATH: path.default(BACKUP_PATH_DEFAULT),
  OVNCP_STATE_PATH: path.optional(),
  HOST: text
    .regex(/^[A-Za-z0-9.:_-]+$/, 'is not a host name or an address; write 127.0.0.1, ::1 or a name, without a port')
    .default('127.0.0.1'),
  PORT: integer(0, 65_535).default(4000),
  OVNCP_TLS_CERT: readableFile.optional(),
  OVNCP_TLS_KEY: readableFile.optional(),
  OVNCP_METRICS_PORT: integer(0, 65_535).optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `is not a level; use one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  OVNCP_JWT_SECRET: jwtSecret.optional(),
  OVNCP_JWKS_URL: jwksUrl.optional(),
  OVNCP_JWT_ISSUER: text.optional(),
  OVNCP_JWT_AUDIENCE: text.optional(),
  OVNCP_TOKENS_FILE: path.optional(),
  OVNCP_AUDIT_READS: z
    .enum(AUDITED_READS, { error: `is not known; use one of ${AUDITED_READS.join(', ')}` })
    .default('exports'),
  OVNCP_RATE_PER_TOKEN_PER_MINUTE: integer(0, 10_000_000).default(1_200),
  OVNCP_RATE_PER_ADDRESS_PER_MINUTE: integer(0, 10_000_000).default(6_000),
  OVNCP_FAILED_LOGINS_PER_MINUTE: integer(0, 10_000_000).default(60),
  OVNCP_CONNECTIONS_MAX: integer(1, 1_000_000).default(2_000),
  OVNCP_SOCKETS_PER_ADDRESS_MAX: integer(1, 500).default(100),
  OVNCP_TRUSTED_PROXIES: proxies.default([]),
  OVNCP_CORS_ORIGINS: origins.default([]),
  OVNCP_INTROSPECTION: z
    .enum(['true', 'false'], { error: 'is neither true nor false; write one of the two' })
    .default('true'),
  OVNCP_UPLOAD_BYTES_MAX: integer(1024, 1024 ** 4).default(2048 * MIB),
  OVNCP_BODY_BYTES_MAX: integer(1024, 512 * MIB).default(64 * MIB),
  OVNCP_RUNTIME_KEYS: runtimeKeys.default([]),
  OVNCP_STEP_ROWS_MAX: integer(1, 1_000_000).default(2_000),
  OVNCP_STEP_BYTES_MAX: integer(1024, 512 * MIB).default(MIB),
  OVNCP_CAPTURE_SILENCE_MS_MAX: integer(1, 3_600_000).default(15_000),
  OVNCP_SYNC_SECONDS_MAX: integer(1, 3_600).default(60),
  OVNCP_RESTORES_KEPT_DAYS: integer(1, 36_500).default(90),
  OVNCP_DRAIN_SECONDS_MAX: integer(1, 3_600).default(30),
  OVNCP_DRILLS_AT_ONCE: integer(1, 8).default(1),
  OVNCP_DRILL_SECONDS_MAX: integer(1, 86_400).default(600),
  OVNCP_DRILL_MEMORY_BYTES_MAX: integer(MIB, 1024 ** 4).default(2048 * MIB),
} as const;

/** Those that take several texts, in the configuration file also as a list. */
export const LIST_VARIABLES: ReadonlySet<string> = new Set<keyof typeof VARIABLES>([
  'OVN_NB_DB',
  'OVNCP_RUNTIME_KEYS',
  'OVNCP_CORS_ORIGINS',
  'OVNCP_TRUSTED_PROXIES',
]);

function integer(least: number, most: number): z.ZodType<number, string> {
  const fault = `is not a whole number from ${least} to ${most}; write digits alone, without a unit`;
  return z
    .string()
    .regex(/^\d{1,15}$/, fault)
    .transform(Number)
    .refine((value) => value >= least && value <= most, fault);
}

/** Items separated by commas, each as the check wants it. */
function list(fault: string, isValid: (item: string) => boolean): z.ZodType<readonly string[], string> {
  return z.string().transform((value, context): readonly string[] => {
    const items = value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    for (const item of items) if (!isValid(item)) context.addIssue(`"${item}" ${fault}`);
    return items;
  });
}

function isNetwork(item: string): boolean {
  try {
    proxyAddr.compile(item);
    return true;
  } catch {
    // it throws on what is no address, no network and no name of a few networks
    return false;
  }
}

/** As a browser writes it: scheme, host and port in lower case, no path. */
function isOrigin(item: string): boolean {
  return URL.canParse(item) && /^https?:$/.test(new URL(item).protocol) && new URL(item).origin === item;
}

function unreadable(file: string): string | undefined {
  try {
    if (!statSync(file).isFile()) return 'is not a file';
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return `cannot be read (${reasonOf(error)})`;
  }
}

function isSafeUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK_HOSTS.has(url.hostname));
}
