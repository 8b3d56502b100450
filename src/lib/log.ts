/**
 * The log: JSON lines on stdout, one object a line, made by pino. Whatever is logged passes a
 * scrubber first: a value under a key that sounds like a secret never gets out, at any depth.
 */

import { writeSync } from 'node:fs';
import type { DestinationStream, Logger } from 'pino';
import { pino } from 'pino';
import { errnoOf } from './error.js';

export type Log = Logger;

const STDOUT = 1;
/** For whoever reads slowly. While lines are being lost, nothing is waited for. */
const WAITS_MAX = 20;
const WAIT_MS = 5;
const BUSY = new Set(['EAGAIN', 'EBUSY']);

/**
 * Where the log goes. A line that cannot be written, because the disk is full or nobody reads, is lost and counted:
 * whoever asks the server for something must not wait for its log. The next line that can be written says so.
 */
export class LogOutput implements DestinationStream {
  private lostLines = 0;
  private untold = 0;
  private reason = '';
  /** The last line was written in part. */
  private isCut = false;

  constructor(private readonly fd = STDOUT) {}

  /** How many lines could not be written since the start. */
  get lost(): number {
    return this.lostLines;
  }

  write(line: string): void {
    const { untold } = this;
    if (untold > 0 && this.put(this.aboutLost())) this.untold = 0;
    if (this.untold === 0 && this.put(line)) return;
    this.lostLines++;
    this.untold++;
  }

  /** Whether all of it was written. */
  private put(line: string): boolean {
    const bytes = Buffer.from(this.isCut ? `\n${line}` : line);
    let done = 0;
    for (let waits = 0; done < bytes.length; ) {
      try {
        done += writeSync(this.fd, bytes, done);
      } catch (error) {
        const code = errnoOf(error) ?? String(error);
        if (BUSY.has(code) && this.untold === 0 && waits++ < WAITS_MAX) {
          pause(WAIT_MS);
          continue;
        }
        this.reason = code;
        this.isCut ||= done > 0;
        return false;
      }
    }
    this.isCut = false;
    return true;
  }

  private aboutLost(): string {
    const { untold: lost, reason } = this;
    const rest = JSON.stringify({ lost, reason, msg: 'lines of the log could not be written' }).slice(1);
    return `{"level":"warn"${pino.stdTimeFunctions.isoTime()},${rest}\n`;
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Of this process. */
export const stdoutLog = new LogOutput();

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
export function createLog(level: LogLevel, destination: DestinationStream = stdoutLog): Log {
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
  return pino(options, destination);
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
