/**
 * Rate limits: what one address and one token may ask for in a minute, over HTTP and over sockets
 * alike, and how many tokens that are refused an address may send before it is not listened to.
 * A minute begins with the first request of an address or a token (fixed window). Counters live in
 * memory, a bounded number of them: the ones unused for longest are forgotten first.
 */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Authenticator } from '../../../auth/authenticator.js';
import type { Viewer } from '../../../auth/permission.js';
import type { Clock } from '../../../lib/clock.js';
import { AppError } from '../../../lib/error.js';
import { networkOf } from './client-address.js';
import { rateCounters } from './rate-counters.js';

/** Limits of a minute; 0 is none. */
export interface Rates {
  /** Requests, and operations on sockets, of one token. */
  readonly perTokenPerMinute: number;
  readonly perAddressPerMinute: number;
  /** Tokens of one address that are refused, before further ones are not looked at. */
  readonly failedLoginsPerMinute: number;
}

/** What is left of a limit, for the headers X-RateLimit-*. */
export interface Allowance {
  readonly limit: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** Is told of every allowance before it is refused or granted. */
export type Show = (allowance: Allowance) => void;

export interface Login {
  readonly authenticator: Authenticator;
  /** The header's value. */
  readonly authorization: string | undefined;
  /** As addressOf gives it. */
  readonly address: string;
}

const WINDOW_MS = 60_000;
const COUNTERS_MAX = 10_000;

interface Counter {
  /** Counts one and says what is left; "exceeded" is said of the first one too many. */
  count(key: string): Promise<Allowance & { readonly isExceeded: boolean }>;
  /** Says what is left without counting. */
  look(key: string): Promise<Allowance>;
}

export class RateLimits {
  private constructor(
    private readonly addresses: Counter | undefined,
    private readonly tokens: Counter | undefined,
    private readonly refusals: Counter | undefined,
  ) {}

  /** Makes the limits of this server. */
  static async of(fastify: FastifyInstance, rates: Rates, clock: Clock): Promise<RateLimits> {
    await fastify.register(rateLimit, { global: false, store: rateCounters(clock, COUNTERS_MAX) });
    const counter = (perMinute: number): Counter | undefined =>
      perMinute === 0 ? undefined : counterOf(fastify, perMinute);
    return new RateLimits(
      counter(rates.perAddressPerMinute),
      counter(rates.perTokenPerMinute),
      counter(rates.failedLoginsPerMinute),
    );
  }

  /** Counts a request of an address. @throws AppError RATE_LIMITED */
  async countAddress(address: string, show?: Show): Promise<void> {
    await take(this.addresses, networkOf(address), { show, what: 'requests from your address' });
  }

  /**
   * Finds out who sends a token, without counting a request of the token. An address that sent too many
   * wrong ones is refused before its token is looked at. A request without any token is no guess.
   * @throws AppError UNAUTHENTICATED, RATE_LIMITED, IDENTITY_UNAVAILABLE
   */
  async identify({ authenticator, authorization, address }: Login, show?: Show): Promise<Viewer> {
    const refusals = authorization === undefined ? undefined : this.refusals;
    const left = await refusals?.look(networkOf(address));
    if (left?.remaining === 0) {
      show?.(left);
      throw exceeded('tokens that are not valid from your address', left);
    }
    try {
      return await authenticator.authenticate(authorization);
    } catch (error) {
      if (error instanceof AppError && error.code === 'UNAUTHENTICATED') await refusals?.count(networkOf(address));
      throw error;
    }
  }

  /**
   * The same, and counts a request of the token.
   * @throws AppError UNAUTHENTICATED, RATE_LIMITED, IDENTITY_UNAVAILABLE
   */
  async admit(login: Login, show?: Show): Promise<Viewer> {
    const viewer = await this.identify(login, show);
    await take(this.tokens, viewer.subject, { show, what: 'requests with your token' });
    return viewer;
  }
}

interface Taking {
  readonly show: Show | undefined;
  /** What there is too much of, in the plural. */
  readonly what: string;
}

async function take(counter: Counter | undefined, key: string, { show, what }: Taking): Promise<void> {
  const allowance = await counter?.count(key);
  if (allowance === undefined) return;
  show?.(allowance);
  if (allowance.isExceeded) throw exceeded(what, allowance);
}

function exceeded(what: string, { limit, resetSeconds }: Allowance): AppError {
  const retryAfterSeconds = Math.max(1, resetSeconds);
  return new AppError(
    'RATE_LIMITED',
    `Too many ${what}: ${limit} a minute are taken, try again in ${retryAfterSeconds} s`,
    { retryAfterSeconds },
  );
}

/**
 * The library counts Fastify's requests, and sockets have none; of a request it reads the key alone, and a route's own
 * setting.
 */
interface Keyed {
  readonly key: string;
  readonly routeOptions: object;
}

function counterOf(fastify: FastifyInstance, perMinute: number): Counter {
  const limiter = fastify.createRateLimit({
    max: perMinute,
    timeWindow: WINDOW_MS,
    keyGenerator: (request) => (request as unknown as Keyed).key,
  });
  const ask = async (key: string, increment: boolean): Promise<Allowance & { readonly isExceeded: boolean }> => {
    const keyed: Keyed = { key, routeOptions: {} };
    const answer = await limiter(keyed as unknown as FastifyRequest, { increment });
    if (answer.isAllowed) return { limit: perMinute, remaining: perMinute, resetSeconds: 0, isExceeded: false };
    return {
      limit: answer.max,
      remaining: answer.remaining,
      resetSeconds: answer.ttlInSeconds,
      isExceeded: answer.isExceeded,
    };
  };
  return { count: (key) => ask(key, true), look: (key) => ask(key, false) };
}
