/**
 * The log: JSON lines on stdout, one object a line, made by pino. Whatever is logged passes a
 * scrubber first: a value under a key that sounds like a secret never gets out, at any depth.
 */

import type { DestinationStream, Logger } from 'pino';
import { pino } from 'pino';

export type Log = Logger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const SECRET_KEY =
  /authorization|cookie|passphrase|password|secret|token|encryption_?key|decryption_?key|private_?key/i;
/** Names that match but say where a secret is, or that there is one, and not what it is. */
const HARMLESS_KEY = /^(tokensFile|tokenFile|tokenName)$/;
const CENSORED = '[secret]';
const BINDINGS = [
  'authorization',
  'cookie',
  'passphrase',
  'password',
  'secret',
  'token',
  'encryptionKey',
  'decryptionKey',
  'headers',
];
const DEPTH_MAX = 8;

/**
 * @param level the least severe level that is written
 * @param destination where the lines go; stdout if left out
 */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // What a child log is bound to does not pass the scrubber.
    redact: { paths: [...BINDINGS, ...BINDINGS.map((name) => `*.${name}`)], censor: CENSORED },
    // The scrubber below has described errors already; pino's own description would take more of them along.
    serializers: { err: (described: unknown) => described },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (object: object) => scrubRecord(object),
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

function scrubRecord(object: object): Record<string, unknown> {
  return scrub(object, DEPTH_MAX) as Record<string, unknown>;
}

function scrub(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '[deep]';
  if (value instanceof Error) return describeError(value, depth);
  if (Array.isArray(value)) return value.map((item) => scrub(item, depth - 1));
  if (Buffer.isBuffer(value) || ArrayBuffer.isView(value)) return '[bytes]';
  if (value instanceof Date) return value.toISOString();
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    out[key] = SECRET_KEY.test(key) && !HARMLESS_KEY.test(key) ? CENSORED : scrub(item, depth - 1);
  }
  return out;
}

/** Name, message, stack, code and cause: other properties of foreign errors may hold requests with their headers. */
function describeError(error: Error, depth: number): Record<string, unknown> {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(cause === undefined ? {} : { cause: scrub(cause, depth - 1) }),
  };
}
