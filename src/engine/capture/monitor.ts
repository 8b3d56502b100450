/**
 * A monitor of a whole database that stays open (monitor_cond of ovsdb-server(7), section 4.1.12): the server tells of
 * every change, and each is applied to the tables held here.
 *
 * A server sends the changes that a reply reflects before the reply. So whatever the server sends is dealt with
 * one after the other in the order of its arrival, in `inOrder`, notifications and the replies that matter alike.
 */

import { Breath } from '../../lib/breath.js';
import type { Clock } from '../../lib/clock.js';
import { messageOf } from '../../lib/error.js';
import type { Session } from '../../ovsdb/client.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { ConnectionError } from '../../ovsdb/error.js';
import type { Json } from '../../ovsdb/json.js';
import type { FollowedTable } from './followed-table.js';
import { applyTableUpdates, type ChangeListener } from './table-updates.js';

export interface MonitorRequest {
  readonly method: string;
  /** JSON text of an array. */
  readonly params: string;
  readonly signal?: AbortSignal | undefined;
}

/** A server that does not answer keeps nobody waiting for long who has what they came for. */
const RELEASE_TIMEOUT_MS = 10_000;

export interface MonitorOptions {
  readonly clock: Clock;
  /** Longest time for the server to answer a request. */
  readonly timeoutMs: number;
}

let lastNumber = 0;

export class Monitor {
  readonly id = `capture-${++lastNumber}`;
  readonly tables = new Map<string, FollowedTable>();
  /** Is told of changes, while it is set. */
  listener: ChangeListener | undefined;
  private readonly breath = new Breath();
  private readonly unsubscribe: () => void;
  private work: Promise<unknown> = Promise.resolve();
  private ended: Error | undefined;
  private longestMs = 0;

  constructor(
    readonly session: Session,
    readonly options: MonitorOptions,
  ) {
    this.unsubscribe = session.connection.subscribeMonitor(this.id, ({ method, params }) => {
      void this.inOrder(async () => {
        if (method === 'update2')
          await applyTableUpdates(params, this.tables, { breath: this.breath, listener: this.listener });
        else if (method === 'monitor_canceled')
          throw new ConnectionError(
            `${session.connection.remote.text}: the server cancelled the monitor, as it does when the database ` +
              'is removed or converted',
          );
      }).catch(() => undefined);
    });
  }

  /** The longest time that a reply to one of our requests took: the server answered nobody else meanwhile. */
  get longestSilenceMs(): number {
    return this.longestMs;
  }

  noteSilence(ms: number): void {
    this.longestMs = Math.max(this.longestMs, ms);
  }

  /** The params of monitor_cond for all stored columns of all tables. */
  requestParams(initial: boolean): readonly Json[] {
    const { schema } = this.session;
    const requests = [...schema.tables.values()].map(
      (table) =>
        [table.name, [{ columns: storedColumns(table), ...(initial ? {} : { select: { initial: false } }) }]] as const,
    );
    return [schema.name, this.id, Object.fromEntries(requests)];
  }

  /**
   * Sends a request, and has its reply dealt with in its place among all that the server sends.
   * @returns what `read` makes of the reply, and the milliseconds until the reply was here
   * @throws OvsdbError, ConnectionError; what `read` throws
   */
  async ask<T>(
    { method, params, signal }: MonitorRequest,
    read: (reply: Buffer) => T | Promise<T>,
  ): Promise<{ readonly value: T; readonly tookMs: number }> {
    if (this.ended !== undefined) throw this.ended;
    if (signal?.aborted === true)
      throw new ConnectionError(`${this.session.connection.remote.text}: "${method}" was given up before it was sent`);
    const { clock, timeoutMs } = this.options;
    const began = clock.monotonic();
    let tookMs = 0;
    let value: Promise<T> | undefined;
    const onReply = (reply: Buffer): void => {
      tookMs = clock.monotonic() - began;
      value = this.inOrder(async () => read(reply));
    };
    await this.session.connection.call(method, [params], { timeoutMs, signal, onReply });
    return { value: await (value as Promise<T>), tookMs };
  }

  /** Does the work when everything that arrived before is done. When it fails, nothing after it is done. */
  inOrder<T>(task: () => Promise<T>): Promise<T> {
    const done = this.work.then(() => {
      if (this.ended !== undefined) throw this.ended;
      return task();
    });
    this.work = done.catch((error: unknown) => {
      this.ended ??= error instanceof Error ? error : new Error(messageOf(error));
    });
    return done;
  }

  /** Ends it, here and at the server. */
  async release(): Promise<void> {
    this.ended ??= new ConnectionError(`${this.session.connection.remote.text}: the monitor was released`);
    await this.session.connection
      .request('monitor_cancel', [this.id], { timeoutMs: RELEASE_TIMEOUT_MS })
      .catch(() => undefined);
    this.unsubscribe();
  }
}

/**
 * The names of the columns that are kept: ephemeral ones say who is connected at the moment, and nothing of the
 * configuration.
 */
export function storedColumns(table: TableSchema): readonly string[] {
  return [...table.columns.values()].filter(({ ephemeral }) => !ephemeral).map(({ name }) => name);
}
