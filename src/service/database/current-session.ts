/**
 * A session for reading a database whole: of a cluster with a member that does not lead, where there is one, since
 * reading costs a leader its time. A member that follows may be behind. Whoever was answered by the leader and then
 * asks for a backup finds what he wrote in it: the member is waited for until it has all that the leader's clients
 * could see. A server that takes no writes is a copy of another one, or was: nobody can tell how old what it has is.
 */

import type { Clock } from '../../lib/clock.js';
import { messageOf } from '../../lib/error.js';
import { joinSignals } from '../../lib/joined-signal.js';
import type { DatabaseClient, Session } from '../../ovsdb/client.js';
import { ConnectionError, OvsdbError } from '../../ovsdb/error.js';
import { readLogIndex, waitForLogIndex } from '../../ovsdb/server-database.js';

export interface CurrentSession {
  readonly session: Session;
  /** What the database that is read from it may lack. */
  readonly warnings: readonly string[];
}

export interface CurrentOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Longest time to find the leader and ask it, and then for the member to come as far. */
const LEADER_MS = 10_000;
const CATCH_UP_MS = 30_000;
const REQUEST_MS = 10_000;

/** @throws ConnectionError, OvsdbError */
export async function openCurrentSession(client: DatabaseClient, options: CurrentOptions): Promise<CurrentSession> {
  const session = await client.openSession({ leader: false, avoidLeader: true, signal: options.signal });
  try {
    return { session, warnings: await catchUp(client, session, options) };
  } catch (error) {
    session.connection.close();
    throw error;
  }
}

async function catchUp(client: DatabaseClient, session: Session, options: CurrentOptions): Promise<readonly string[]> {
  const { connection, schema, server } = session;
  if (session.isReadOnly)
    return [
      `The database was read from ${connection.remote.text}, which takes no writes, as a standby does, and no other ` +
        'server could be reached: it may be older than what others have written elsewhere',
    ];
  if (server.model !== 'clustered' || server.leader) return [];
  const warning = (why: string): readonly string[] => [
    `The database was read from ${connection.remote.text}, which does not lead its cluster, and ${why}: what was ` +
      'written in the seconds before may be missing',
  ];
  let index: number | undefined;
  try {
    index = await leaderIndex(client, options);
  } catch (error) {
    if (options.signal?.aborted === true || !(error instanceof ConnectionError || error instanceof OvsdbError))
      throw error;
    return warning(`the leader could not be asked how far it is (${messageOf(error)})`);
  }
  const limits = { ...options, timeoutMs: REQUEST_MS, waitMs: CATCH_UP_MS };
  if (index === undefined || (await waitForLogIndex(connection, schema.name, index, limits))) return [];
  return warning(`was still behind the leader after ${CATCH_UP_MS / 1_000} s`);
}

async function leaderIndex(client: DatabaseClient, { clock, signal }: CurrentOptions): Promise<number | undefined> {
  const late = new AbortController();
  const callOff = clock.alarm(LEADER_MS, () => late.abort());
  const joined = joinSignals(signal, late.signal);
  try {
    return await client.withSession({ leader: true, signal: joined.signal }, ({ connection, schema }) =>
      readLogIndex(connection, schema.name, REQUEST_MS),
    );
  } finally {
    joined.release();
    callOff();
  }
}
