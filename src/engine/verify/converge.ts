/**
 * Converge: waits until the network has taken a committed change over, as `ovn-nbctl --wait=sb` or `--wait=hv` does.
 *
 * It asks with a number of its own, which comes after the change in the database's history, and watches the
 * numbers that northd writes back. The change is committed by then: that the network is slow, that northd is not
 * there or that a connection breaks is an answer, and no error.
 */
import { type Clock, sleep } from '../../lib/clock.js';
import { messageOf } from '../../lib/error.js';
import { SEQUENCE, type SyncTarget } from '../../model/northbound/config-sequence.js';
import type { DatabaseClient, Session } from '../../ovsdb/client.js';
import { ConnectionError } from '../../ovsdb/error.js';
import { isObject, type Json } from '../../ovsdb/json.js';
import { commentOperation, EVERY_ROW, mutateRowsOperation, mutation, selectOperation } from '../../ovsdb/operation.js';
import { rowsOf } from '../../ovsdb/reply.js';
import { transact } from '../../ovsdb/transact.js';

export type { SyncTarget };

export interface ConvergeOptions {
  readonly clock: Clock;
  /** When it was committed, on the monotonic clock: seconds are counted from here. */
  readonly since: number;
  /** Longest time to wait, counted from the call. */
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told how far northd and the chassis are, e.g. "sb_cfg is 7, hv_cfg is 6, waiting for hv_cfg 7". */
  readonly onProgress?: ((message: string) => void) | undefined;
}

export interface Convergence {
  readonly reached: boolean;
  /** From the commit until it was reached, or until the wait ended. 0 when there was nothing to wait for. */
  readonly seconds: number;
  /** Why it was not reached, in a sentence without a full stop. */
  readonly reason?: string;
}

type Target = Exclude<SyncTarget, 'NONE'>;

/** What has been reached; numbers have 64 bits. */
interface Reached {
  readonly SB: bigint;
  readonly HV: bigint;
}

/**
 * Waits on one session.
 * @throws ConnectionError when the session's connection is lost: convergeAnywhere goes on with another
 */
export async function converge(session: Session, target: Target, options: ConvergeOptions): Promise<Convergence> {
  const { clock, since, limitMs, signal } = options;
  const columns = session.schema.tables.get(SEQUENCE.table)?.columns;
  if (columns?.has(SEQUENCE.asked) !== true || !columns.has(SEQUENCE.reached[target])) {
    return {
      reached: false,
      seconds: 0,
      reason: `${session.schema.name} has no ${SEQUENCE.table}.${SEQUENCE.reached[target]} to wait for`,
    };
  }
  const watch = new Watch(session, target, options);
  const callOff = clock.alarm(limitMs, () => watch.end(undefined));
  const onAbort = (): void => {
    watch.end('the wait was given up');
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  try {
    const { reached, reason, empty } = await watch.run();
    const seconds = empty ? 0 : (clock.monotonic() - since) / 1000;
    return reached ? { reached, seconds } : { reached, seconds, reason: reason ?? watch.lateness(limitMs) };
  } finally {
    callOff();
    signal?.removeEventListener('abort', onAbort);
    watch.close();
  }
}

const RETRY_MS = 200;

/**
 * Waits on a session of its own, and on another one when that is lost: a cluster may change its leader meanwhile.
 * Never rejects.
 */
export async function convergeAnywhere(
  client: DatabaseClient,
  target: Target,
  options: ConvergeOptions,
): Promise<Convergence> {
  const { clock, since, signal } = options;
  const deadline = clock.monotonic() + options.limitMs;
  const left = (): number => Math.max(0, deadline - clock.monotonic());
  // opening a session has limits of its own, which may be longer
  const late = new AbortController();
  const callOff = clock.alarm(options.limitMs, () => late.abort());
  const opening = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  try {
    for (;;) {
      try {
        return await client.withSession({ leader: true, signal: opening, timeoutMs: left() }, (session) =>
          converge(session, target, { ...options, limitMs: left() }),
        );
      } catch (error) {
        const lost = error instanceof ConnectionError && signal?.aborted !== true;
        if (!lost || clock.monotonic() + RETRY_MS >= deadline)
          return { reached: false, seconds: (clock.monotonic() - since) / 1000, reason: messageOf(error) };
      }
      await sleep(clock, RETRY_MS);
    }
  } finally {
    callOff();
  }
}

interface WatchEnd {
  readonly reached: boolean;
  readonly reason?: string | undefined;
  /** Nobody could be asked. */
  readonly empty?: boolean;
}

let watches = 0;

/** One question and the watching for its answer. */
class Watch {
  private readonly monitor = `converge-${++watches}`;
  private readonly ended: Promise<WatchEnd>;
  private readonly unsubscribe: () => void;
  private finish!: (end: WatchEnd) => void;
  private fail!: (reason: ConnectionError) => void;
  private asked: bigint | undefined;
  private reached: Reached = { SB: 0n, HV: 0n };
  private watching = false;

  constructor(
    private readonly session: Session,
    private readonly target: Target,
    private readonly options: ConvergeOptions,
  ) {
    this.ended = new Promise((resolve, reject) => {
      this.finish = resolve;
      this.fail = reject;
    });
    // nobody may be waiting yet when the connection goes
    this.ended.catch(() => undefined);
    void session.connection.closed.then((reason) => {
      this.fail(reason);
    });
    this.unsubscribe = session.connection.subscribe(({ method, params }) => {
      if (method === 'update2' && params[0] === this.monitor) this.take(params[1]);
    });
  }

  /** @throws ConnectionError */
  run(): Promise<WatchEnd> {
    this.start().catch((error: unknown) => {
      if (error instanceof ConnectionError) this.fail(error);
      else this.finish({ reached: false, reason: messageOf(error) });
    });
    return this.ended;
  }

  /** Ends the wait, with a reason or because its time is over. */
  end(reason: string | undefined): void {
    this.finish({ reached: false, reason });
  }

  close(): void {
    this.unsubscribe();
    if (this.watching)
      this.session.connection
        .request('monitor_cancel', [this.monitor], { timeoutMs: this.requestMs })
        .catch(() => undefined);
  }

  /** Why the time was too short. */
  lateness(limitMs: number): string {
    const within = `within ${String(Number((limitMs / 1000).toFixed(3)))} s`;
    if (this.asked === undefined) return `the database did not answer ${within}`;
    const late = this.reached.SB < this.asked ? 'SB' : this.target;
    const told = `${SEQUENCE.reached[late]} is ${this.reached[late]}, not yet ${this.asked}`;
    return late === 'SB'
      ? `northd did not take the change over ${within} (${told})`
      : `northd took the change over, but not every chassis did ${within} (${told})`;
  }

  private get requestMs(): number {
    return Math.max(1, this.options.limitMs);
  }

  /** Asks, and begins to watch. */
  private async start(): Promise<void> {
    const asked = await this.ask(1n);
    if (asked === undefined) {
      this.finish({ reached: false, empty: true, reason: `${SEQUENCE.table} has no row, so northd cannot be asked` });
      return;
    }
    const columns = Object.values(SEQUENCE.reached).filter(
      (column) => this.session.schema.tables.get(SEQUENCE.table)?.columns.has(column) === true,
    );
    this.watching = true;
    const initial = await this.session.connection.request(
      'monitor_cond',
      [this.session.schema.name, this.monitor, { [SEQUENCE.table]: [{ columns }] }],
      { timeoutMs: this.requestMs },
    );
    this.asked = asked;
    this.take(initial);
  }

  /**
   * Adds to the number that northd answers. Running twice, as a cluster may have it, does no harm: the answer is then a
   * number ahead. Where the answer is there before the question (someone restored NB_Global from a file) the question
   * goes past it.
   * @returns what to wait for, or undefined where nobody can be asked
   */
  private async ask(more: bigint): Promise<bigint | undefined> {
    const { table, asked } = SEQUENCE;
    const { connection, schema } = this.session;
    const results = await transact(
      connection,
      schema.name,
      [
        mutateRowsOperation(table, EVERY_ROW, `[${mutation(asked, '+=', String(more))}]`),
        selectOperation(table, EVERY_ROW),
        commentOperation('waiting for the network to take a restore over'),
      ],
      { timeoutMs: this.requestMs },
    );
    const row = rowsOf(results[1])[0];
    if (row === undefined) return undefined;
    const number = integer(row[asked]);
    const answered = integer(row[SEQUENCE.reached[this.target]]);
    return answered < number ? number : this.ask(answered - number + 1n);
  }

  /** Table updates as in a monitor's reply and in update2. */
  private take(updates: Json | undefined): void {
    const rows = isObject(updates) ? updates[SEQUENCE.table] : undefined;
    if (!isObject(rows)) return;
    for (const change of Object.values(rows)) {
      if (!isObject(change)) continue;
      if (change['delete'] !== undefined) {
        this.end(`${SEQUENCE.table} was deleted meanwhile`);
        return;
      }
      const columns = change['initial'] ?? change['insert'] ?? change['modify'];
      if (!isObject(columns)) continue;
      // a change may be read before the reply that it follows, so the highest number counts
      const { SB, HV } = this.reached;
      this.reached = { SB: later(SB, columns[SEQUENCE.reached.SB]), HV: later(HV, columns[SEQUENCE.reached.HV]) };
    }
    this.look();
  }

  private look(): void {
    if (this.asked === undefined) return;
    const { SB, HV } = SEQUENCE.reached;
    this.options.onProgress?.(
      `${SB} is ${this.reached.SB}, ${HV} is ${this.reached.HV}, waiting for ${SEQUENCE.reached[this.target]} ` +
        `${this.asked}`,
    );
    if (this.reached[this.target] >= this.asked) this.finish({ reached: true });
  }
}

function integer(value: Json | undefined): bigint {
  return typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : 0n;
}

function later(before: bigint, value: Json | undefined): bigint {
  const now = integer(value);
  return now > before ? now : before;
}
