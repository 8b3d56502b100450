/**
 * The keys of JWTs, fetched from the address of a key set (JWKS, RFC 7517). They are kept for ten minutes; a
 * token with a key that is not among them makes them be fetched again, so that a rotation needs no restart.
 * Tokens with made-up keys cannot make this server press the other one: after a fetch that went well it waits
 * for half a minute, after one that failed for some seconds.
 */

import type { FetchImplementation, JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import { createLocalJWKSet, createRemoteJWKSet, customFetch } from 'jose';
import type { Clock } from '../lib/clock.js';

export interface KeySetDeadlines {
  /** For one fetch. */
  readonly timeoutMs?: number;
  /** How long keys are used without being fetched again. */
  readonly keptMs?: number;
  /** Least time between two fetches for keys that are not known. */
  readonly cooldownMs?: number;
  /** Least time between a fetch that failed and the next one. */
  readonly pauseMs?: number;
}

const TIMEOUT_MS = 5_000;
const KEPT_MS = 600_000;
const COOLDOWN_MS = 30_000;
const PAUSE_MS = 3_000;
/** Hundreds of keys; real sets have a handful. */
const KEY_SET_BYTES_MAX = 512 * 1024;

/** @returns what jose's jwtVerify takes for a key; it throws jose's errors, or fetch's */
export function remoteKeys(url: URL, clock: Clock, deadlines: KeySetDeadlines = {}): JWTVerifyGetKey {
  return createRemoteJWKSet(url, {
    timeoutDuration: deadlines.timeoutMs ?? TIMEOUT_MS,
    cacheMaxAge: deadlines.keptMs ?? KEPT_MS,
    cooldownDuration: deadlines.cooldownMs ?? COOLDOWN_MS,
    [customFetch]: fetchWithPauses(clock, deadlines.pauseMs ?? PAUSE_MS),
  });
}

function fetchWithPauses(clock: Clock, pauseMs: number): FetchImplementation {
  let failure: { readonly at: number; readonly error: unknown } | undefined;
  return async (url, options) => {
    if (failure !== undefined && clock.monotonic() - failure.at < pauseMs) throw failure.error;
    try {
      const response = await fetch(url, options);
      if (response.status !== 200)
        throw new Error(`the key set's server answered ${response.status}, and redirects are not followed`);
      const text = await textOf(response);
      // throws on what is no key set, so that this counts as a fetch that failed
      createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
      failure = undefined;
      return new Response(text);
    } catch (error) {
      failure = { at: clock.monotonic(), error };
      throw error;
    }
  };
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > KEY_SET_BYTES_MAX) throw new Error(`the key set is larger than ${KEY_SET_BYTES_MAX} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
