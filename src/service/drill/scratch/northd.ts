/**
 * ovn-northd on the database of a drill, with a Southbound of its own: whether it takes the configuration, and what it
 * has to say of it. It begins paused, so that it can be told to leave out none of its warnings, and so that its log,
 * which quotes what is in rows, has lost its name before there is anything in it.
 */
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { converge } from '../../../engine/verify/converge.js';
import { type Clock, sleep } from '../../../lib/clock.js';
import { AppError, errnoOf, messageOf } from '../../../lib/error.js';
import { joinSignals } from '../../../lib/joined-signal.js';
import { SEQUENCE } from '../../../model/northbound/config-sequence.js';
import type { DatabaseClient } from '../../../ovsdb/client.js';
import { Connection } from '../../../ovsdb/connection.js';
import { ConnectionError } from '../../../ovsdb/error.js';
import { EVERY_ROW, selectOperation } from '../../../ovsdb/operation.js';
import { rowsOf } from '../../../ovsdb/reply.js';
import { transact, transactParams } from '../../../ovsdb/transact.js';
import { Daemon } from './daemon.js';
import { type NorthdWarnings, readWarnings } from './northd-log.js';
import type { NorthdProgram } from './program.js';
import { logged, type ScratchDatabase } from './scratch-database.js';

export const SOUTHBOUND = 'OVN_Southbound';

const FLOWS = 'Logical_Flow';
const CONTROL_SOCKET = 'northd.ctl';
const LOG = 'northd.log';
const LOG_MODE = 0o600;
const START_MS_MAX = 30_000;
const REQUEST_MS = 60_000;
const LOOK_AGAIN_MS = 20;

export interface NorthdOptions {
  readonly folder: string;
  readonly searchPath: string;
  readonly program: NorthdProgram;
  readonly database: ScratchDatabase;
  /** Of the Northbound there. */
  readonly northbound: DatabaseClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of the program as soon as it runs. */
  readonly onStarted: (daemon: Daemon) => void;
  /** What it logs is not for every reader: messages do not quote it. */
  readonly isPrivate: boolean;
  /** How long it may take at most; what aborts the signal may come before. */
  readonly limitMs: number;
}

export interface NorthdFindings extends NorthdWarnings {
  /** From its start until its flows stood. */
  readonly seconds: number;
  readonly logicalFlows: number;
}

/** @throws AppError DATABASE_UNAVAILABLE when northd ends or does not get so far; the signal's reason */
export async function runNorthd(options: NorthdOptions): Promise<NorthdFindings> {
  const log = await open(join(options.folder, LOG), 'wx+', LOG_MODE);
  try {
    return await runWith(log, options);
  } finally {
    await log.close();
  }
}

async function runWith(log: FileHandle, options: NorthdOptions): Promise<NorthdFindings> {
  const { folder, searchPath, program, database, clock, isPrivate, onStarted } = options;
  const began = clock.monotonic();
  const { remote } = database;
  const words = [`--ovnnb-db=${remote}`, `--ovnsb-db=${remote}`, `--unixctl=${join(folder, CONTROL_SOCKET)}`];
  const daemon = new Daemon(program.path, [...words, `--log-file=${join(folder, LOG)}`, '--dry-run'], {
    folder,
    searchPath,
  });
  onStarted(daemon);
  const gone = new AbortController();
  const whileItRuns = joinSignals(options.signal, gone.signal);
  const ended = daemon.ended.then(async (how) => {
    gone.abort(new AppError('DATABASE_UNAVAILABLE', `${how}${isPrivate ? '' : await logged(log)}`));
  });
  const running = { ...options, signal: whileItRuns.signal };
  try {
    await resume(running);
    await converged(running, began);
    const seconds = (clock.monotonic() - began) / 1_000;
    return { seconds, logicalFlows: await countFlows(running), ...(await readWarnings(log)) };
  } catch (error) {
    // a connection that was given up does not say why
    running.signal.throwIfAborted();
    throw error;
  } finally {
    whileItRuns.release();
    await daemon.stop();
    await ended;
  }
}

async function resume({ folder, database, clock, signal }: NorthdOptions): Promise<void> {
  const remote = database.socket(CONTROL_SOCKET);
  const until = clock.monotonic() + START_MS_MAX;
  for (;;) {
    signal.throwIfAborted();
    try {
      const connection = await Connection.open(remote, { timeoutMs: START_MS_MAX, clock, signal });
      try {
        await unlink(join(folder, LOG)).catch(unlessAbsent);
        // it says the same warning five times at most otherwise, whatever row it is about
        await connection.request('vlog/disable-rate-limit', [], { timeoutMs: REQUEST_MS, signal });
        await connection.request('resume', [], { timeoutMs: REQUEST_MS, signal });
        return;
      } finally {
        connection.close();
      }
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      if (clock.monotonic() >= until)
        throw new AppError(
          'DATABASE_UNAVAILABLE',
          `ovn-northd does not answer within ${START_MS_MAX / 1_000} s: ${messageOf(error)}`,
          { cause: error },
        );
    }
    await sleep(clock, LOOK_AGAIN_MS, signal);
  }
}

/** A try before may have done it. */
function unlessAbsent(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

/** A part of a configuration may lack the row in which northd says how far it is. */
async function converged({ northbound, clock, signal, limitMs }: NorthdOptions, since: number): Promise<void> {
  const { reached, reason } = await northbound.withSession({ leader: true, signal }, async (session) => {
    const { connection, schema } = session;
    const { table } = SEQUENCE;
    const request = { timeoutMs: REQUEST_MS, signal };
    const [found] = await transact(connection, schema.name, [selectOperation(table, EVERY_ROW, ['_uuid'])], request);
    if (rowsOf(found).length === 0)
      await transact(connection, schema.name, [`{"op":"insert","table":"${table}","row":{}}`], request);
    return converge(session, 'SB', { clock, since, limitMs, signal });
  });
  signal.throwIfAborted();
  if (!reached)
    throw new AppError('DATABASE_UNAVAILABLE', `ovn-northd did not come to its end: ${reason ?? 'no reason is known'}`);
}

/** Their UUIDs alone may be many megabytes: they are counted, and not read. */
async function countFlows({ database, signal }: NorthdOptions): Promise<number> {
  return database.client(SOUTHBOUND).withSession({ leader: true, signal }, async ({ connection }) => {
    const params = transactParams(SOUTHBOUND, [selectOperation(FLOWS, EVERY_ROW, ['_uuid'])]);
    const reply = await connection.call('transact', [params], { timeoutMs: REQUEST_MS, signal });
    let count = 0;
    for (let at = reply.indexOf(UUID_MEMBER); at !== -1; at = reply.indexOf(UUID_MEMBER, at + UUID_MEMBER.length))
      count++;
    return count;
  });
}
const UUID_MEMBER = '"_uuid"';
