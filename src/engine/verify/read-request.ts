/** Requests that only read, of a server that others need too. */
import type { Breath } from '../../lib/breath.js';
import { type Clock, sleep } from '../../lib/clock.js';
import type { Session } from '../../ovsdb/client.js';
import { transactParams } from '../../ovsdb/transact.js';

export interface ReadOptions {
  readonly clock: Clock;
  readonly breath: Breath;
  readonly signal?: AbortSignal | undefined;
  /** Told from time to time how many rows have been looked at. */
  readonly onProgress?: ((looked: number, total: number) => void) | undefined;
}

/** Longest time for the server to answer one request. */
const TIMEOUT_MS = 60_000;

/**
 * Has a transaction that only reads answered, which takes as many milliseconds as it answers. The leader of a cluster
 * has then as much time for others.
 * @throws ConnectionError; what `read` throws; the reason of the signal when it aborts
 */
export async function readFrom(
  { connection, schema, server }: Session,
  operations: readonly string[],
  { clock, signal }: ReadOptions,
  read: (reply: Buffer) => Promise<void>,
): Promise<number> {
  const began = clock.monotonic();
  const params = transactParams(schema.name, operations);
  const reply = await connection.call('transact', [params], { timeoutMs: TIMEOUT_MS, signal });
  const tookMs = clock.monotonic() - began;
  await read(reply);
  const restMs = began + 2 * tookMs - clock.monotonic();
  if (server.model === 'clustered' && restMs > 0) await sleep(clock, restMs, signal);
  return tookMs;
}

/** A select, and what is done with its reply. */
export interface Question {
  readonly select: string;
  read(reply: Buffer): Promise<void>;
}

/**
 * Has many selects answered, and their replies read in the same order. A standalone server makes the next reply while
 * one is read.
 * @throws as readFrom
 */
export async function readAhead(
  session: Session,
  questions: AsyncIterable<Question>,
  options: ReadOptions,
): Promise<void> {
  const waitingMax = session.server.model === 'standalone' ? 2 : 1;
  const waiting: Promise<unknown>[] = [];
  let last: Promise<unknown> = Promise.resolve();
  for await (const question of questions) {
    const before = last;
    last = readFrom(session, [question.select], options, async (reply) => {
      await before;
      await question.read(reply);
    });
    last.catch(() => undefined); // it is thrown below
    if (waiting.push(last) === waitingMax) await waiting.shift();
  }
  await Promise.all(waiting);
}
