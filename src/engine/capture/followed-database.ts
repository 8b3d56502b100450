/**
 * A database as it is now, held here: captured once, and kept up with by a monitor. A backup or a plan that is
 * made from it costs the server next to nothing.
 *
 * FAST: one monitor_cond over all tables, whose initial reply is the database at one instant. It is the quickest way,
 * and while the server makes the reply it answers nobody else: seconds at 100,000 rows, too long for the leader of a
 * cluster. PACED: in small pieces (paced-capture.ts), some ten times as long, with no long silence.
 */

import { Breath } from '../../lib/breath.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/error.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { StoredRows } from '../../model/snapshot/stored-rows.js';
import type { Session } from '../../ovsdb/client.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { stringifyJson } from '../../ovsdb/json.js';
import { resultOf } from '../../ovsdb/reply.js';
import type { CaptureMode } from './capture-mode.js';
import { FollowedTable } from './followed-table.js';
import { Monitor } from './monitor.js';
import { PacedCapture } from './paced-capture.js';
import { SnapshotSink } from './snapshot-sink.js';

export interface CaptureOptions {
  readonly clock: Clock;
  /** Default FAST. */
  readonly mode?: CaptureMode;
  /** Ends the capture, and nothing after it. */
  readonly signal?: AbortSignal | undefined;
  /** Longest time for the server to answer one request. Default 600,000. */
  readonly timeoutMs?: number;
  /** Told from time to time how many rows have been read, and, where it can be told, of how many is known so far. */
  readonly onProgress?: ((rows: number, total?: number) => void) | undefined;
}

export class FollowedDatabase {
  private readonly breath = new Breath();
  private latest: Snapshot | undefined;

  private constructor(private readonly monitor: Monitor) {}

  /**
   * Captures the session's database. The session can be used for other requests too, and is to be kept until `release`.
   * @throws ConnectionError, also when the database is removed or converted meanwhile; OvsdbError; AppError CANCELLED
   * when the signal is aborted
   */
  static async capture(session: Session, options: CaptureOptions): Promise<FollowedDatabase> {
    const { clock, signal, timeoutMs = 600_000 } = options;
    const monitor = new Monitor(session, { clock, timeoutMs });
    try {
      if (options.mode === 'PACED') await paced(monitor, options);
      else await fast(monitor, options);
      signal?.throwIfAborted();
      return new FollowedDatabase(monitor);
    } catch (error) {
      // nobody waits for the answer of a server that may not give one
      void monitor.release();
      if (signal?.aborted !== true) throw error;
      throw new AppError('CANCELLED', 'The capture was cancelled', { cause: error });
    }
  }

  /** The longest time that one of the capture's requests kept the server from answering anybody else. */
  get longestSilenceMs(): number {
    return this.monitor.longestSilenceMs;
  }

  /**
   * The database at some instant since the end of the capture. The server is not asked.
   * @throws what ended the monitor
   */
  current(): Promise<Snapshot> {
    return this.monitor.inOrder(() => this.take());
  }

  /**
   * The database as it is now, with everything in it that was committed on this server before the call. On a member of
   * a cluster that is what this member knows. Snapshots share the memory of rows that are the same.
   * @throws ConnectionError, also when the server no longer serves the database, after `release`, and when the signal
   * is aborted
   */
  async sync(signal?: AbortSignal): Promise<Snapshot> {
    return (await this.monitor.ask({ method: 'echo', params: '["sync"]', signal }, () => this.take())).value;
  }

  /** Ends the monitor. The session stays its owner's to close. */
  release(): Promise<void> {
    return this.monitor.release();
  }

  private async take(): Promise<Snapshot> {
    const tables = new Map<string, StoredRows>();
    for (const [name, table] of this.monitor.tables) tables.set(name, await table.settle(this.breath));
    const { latest } = this;
    if (latest !== undefined && [...tables].every(([name, rows]) => latest.tables.get(name) === rows)) return latest;
    return (this.latest = { schema: this.monitor.session.schema, tables });
  }
}

async function fast(monitor: Monitor, { clock, onProgress, signal }: CaptureOptions): Promise<void> {
  const { connection, schema } = monitor.session;
  const began = clock.monotonic();
  const sink = new SnapshotSink(schema, {
    onProgress,
    onFirst: () => {
      monitor.noteSilence(clock.monotonic() - began);
    },
  });
  let built: Promise<void> | undefined;
  const onReply = (reply: Buffer): void => {
    built = monitor.inOrder(async () => {
      if (reply.length > 0) sink.takeWhole(reply);
      for (const [name, rows] of await sink.finish())
        monitor.tables.set(name, new FollowedTable(schema.tables.get(name) as TableSchema, rows));
    });
  };
  await connection.stream('monitor_cond', monitor.requestParams(true), sink, {
    timeoutMs: monitor.options.timeoutMs,
    signal,
    onReply,
  });
  await built;
}

async function paced(monitor: Monitor, options: CaptureOptions): Promise<void> {
  const { schema } = monitor.session;
  const capture = new PacedCapture(monitor, options);
  for (const table of schema.tables.values()) monitor.tables.set(table.name, new FollowedTable(table));
  monitor.listener = capture;
  await monitor.ask(
    { method: 'monitor_cond', params: stringifyJson(monitor.requestParams(false)), signal: options.signal },
    resultOf,
  );
  await capture.run();
}
