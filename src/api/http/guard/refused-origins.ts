/**
 * Web pages that may not use the API. A browser tells their authors little: so the answer names the variable, and so
 * does the log, once an hour for each origin, as a page may try all the time.
 */
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../../lib/clock.js';
import { AppError } from '../../../lib/error.js';
import type { Log } from '../../../lib/log.js';
import { isOriginAllowed } from './request-check.js';

export interface RefusedOriginsOptions {
  /** Besides our own. */
  readonly allowed: readonly string[];
  readonly clock: Clock;
}

const TELL_EVERY_MS = 3_600_000;
/** Origins that are remembered, the newest. */
const REMEMBERED_MAX = 200;
const ORIGIN_CHARACTERS_MAX = 200;

export class RefusedOrigins {
  /** When the log was told, the oldest first. */
  private readonly told = new Map<string, number>();

  constructor(private readonly options: RefusedOriginsOptions) {}

  /** Why a page of this origin may not use the API; undefined where it may. The log is told too. */
  refusalOf(origin: string | undefined, host: string | undefined, log: Log): AppError | undefined {
    if (origin === undefined || isOriginAllowed(origin, host, this.options.allowed)) return undefined;
    const shown = origin.slice(0, ORIGIN_CHARACTERS_MAX);
    const todo =
      origin === 'null'
        ? 'A page that was opened from a file, or in a sandbox, has this origin: open it from a web server'
        : 'To allow them, add this origin to OVNCP_CORS_ORIGINS';
    const message = `Web pages of the origin "${shown}" may not use this server. ${todo}`;
    if (this.isToTell(shown)) log.warn({ origin: shown }, message);
    return new AppError('FORBIDDEN', message);
  }

  private isToTell(origin: string): boolean {
    const now = this.options.clock.monotonic();
    const before = this.told.get(origin);
    if (before !== undefined && now - before < TELL_EVERY_MS) return false;
    this.told.delete(origin);
    this.told.set(origin, now);
    const [oldest] = this.told.keys();
    if (this.told.size > REMEMBERED_MAX && oldest !== undefined) this.told.delete(oldest);
    return true;
  }
}

/** What only reads: a browser keeps the answer from the page, and without a token there is nothing in it. */
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Refuses what these pages send, preflight requests too, before any of it is carried out; but not what only reads. */
export function refuseOrigins(fastify: FastifyInstance, refused: RefusedOrigins): void {
  fastify.addHook('onRequest', async ({ method, headers, scope }) => {
    // of our own page: a proxy in front may have put another name into Host, and no page can write this header itself
    if (headers['sec-fetch-site'] === 'same-origin') return;
    const refusal = refused.refusalOf(headers.origin, headers.host, scope.log);
    if (refusal !== undefined && !READING.has(method)) throw refusal;
  });
}
