/**
 * The work under way, so that a server that is told to stop can let it end and take on no more; and the turns of what
 * is heavy. Work that needs the database and work that needs only the store have turns of their own: a database that
 * hangs holds up nobody who does not need it.
 */
import { AppError } from '../../lib/error.js';
import { joinSignals, sharedController } from '../../lib/joined-signal.js';
import { type Asker, Turns } from './turns.js';

/** Of all that wait in one pool; one token may have half of it. */
const WAITING_MAX = 512;
/** Together with those that only wait they are what this server asks of the database at one time. */
const SESSIONS_AT_ONCE = 8;
/** Each piece of heavy work holds a whole configuration, or two, in memory. */
const DATABASE_TURNS_AT_ONCE = 3;
const STORE_TURNS_AT_ONCE = 2;
const COUNTS_AT_ONCE = 2;
const LOOK_UPS_AT_ONCE = 2;

/** What is opened before a turn is asked for. */
export interface Opened {
  close(): void;
}

export class RunningWork {
  private readonly running = new Set<Promise<unknown>>();
  private readonly stopping = sharedController();
  /** From before a session is open until its work has ended. */
  private readonly sessions = turns('operations on the database', SESSIONS_AT_ONCE);
  private readonly database = turns('operations on the database', DATABASE_TURNS_AT_ONCE);
  private readonly store = turns('operations on stored backups', STORE_TURNS_AT_ONCE);
  private readonly counts = turns('counts of rows', COUNTS_AT_ONCE);
  private readonly lookUps = turns('look-ups of rows', LOOK_UPS_AT_ONCE);
  private readonly drills: Turns;

  constructor({ drillsAtOnce = 1 }: { readonly drillsAtOnce?: number } = {}) {
    this.drills = turns('drills', drillsAtOnce);
  }

  /** Pieces of work under way, those that wait for their turn included. */
  get count(): number {
    return this.running.size;
  }

  /** Pieces of work that wait for their turn. */
  get waitingCounts(): { readonly database: number; readonly store: number; readonly drills: number } {
    return {
      database: this.sessions.waitingCount + this.database.waitingCount + this.counts.waitingCount,
      store: this.store.waitingCount + this.lookUps.waitingCount,
      drills: this.drills.waitingCount,
    };
  }

  /** @throws AppError SHUTTING_DOWN once draining has begun */
  checkOpen(what: string): void {
    if (this.stopping.signal.aborted) throw refused(what);
  }

  /** Runs a piece of work. @throws AppError SHUTTING_DOWN, by the promise, once draining has begun */
  run<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.stopping.signal.aborted) return Promise.reject(refused(what));
    const promise = work();
    this.running.add(promise);
    const done = (): void => {
      this.running.delete(promise);
    };
    promise.then(done, done);
    return promise;
  }

  /**
   * Heavy work that needs no database.
   * @throws AppError RATE_LIMITED at once; SHUTTING_DOWN, or the signal's reason, while it waits
   */
  inStoreTurn<T>(asker: Asker, work: () => Promise<T>): Promise<T> {
    return this.untilStop(asker, (waiting) => this.store.take(waiting, work));
  }

  /**
   * Heavy work that needs the database. It asks for its turn only when its session is open: a database that does not
   * answer holds no turn. The session is closed afterwards.
   * @param open ends when the asker's signal aborts
   * @throws AppError RATE_LIMITED at once; SHUTTING_DOWN, or the signal's reason, while it waits
   */
  inDatabaseTurn<S extends Opened, T>(
    asker: Asker,
    open: (signal: AbortSignal | undefined) => Promise<S>,
    work: (opened: S) => Promise<T>,
  ): Promise<T> {
    return this.untilStop(asker, (waiting) =>
      this.sessions.take(waiting, async () => {
        const opened = await open(asker.signal).catch((error: unknown) => {
          asker.signal?.throwIfAborted();
          throw error;
        });
        try {
          return await this.database.take(waiting, () => work(opened));
        } finally {
          opened.close();
        }
      }),
    );
  }

  /** Counting rows asks the database for much, and holds little: it need not wait for those who read it whole. */
  inCountTurn<T>(asker: Asker, work: () => Promise<T>): Promise<T> {
    return this.untilStop(asker, (waiting) => this.counts.take(waiting, work));
  }

  /** Looking something up in what is in memory already: it holds nothing more, and need not wait for what is read. */
  inLookUpTurn<T>(asker: Asker, work: () => Promise<T>): Promise<T> {
    return this.untilStop(asker, (waiting) => this.lookUps.take(waiting, work));
  }

  /** A drill holds a backup in memory, and runs programs of its own: it keeps nobody else from their turns. */
  inDrillTurn<T>(asker: Asker, work: () => Promise<T>): Promise<T> {
    return this.untilStop(asker, (waiting) => this.drills.take(waiting, work));
  }

  /** Refuses new work and what waits for its turn, and waits for what is running. */
  async drain(): Promise<void> {
    this.stopping.abort(
      new AppError('SHUTTING_DOWN', 'The server is shutting down: what waited for its turn was not begun'),
    );
    while (this.running.size > 0) await Promise.allSettled(this.running);
  }

  /** The asker gives up, too, when the server stops. @throws what `ask` throws, at once where that does */
  private untilStop<T>({ subject, signal }: Asker, ask: (asker: Asker) => Promise<T>): Promise<T> {
    const joined = joinSignals(signal, this.stopping.signal);
    try {
      return ask({ subject, signal: joined.signal }).finally(joined.release);
    } catch (error) {
      joined.release();
      throw error;
    }
  }
}

function refused(what: string): AppError {
  return new AppError('SHUTTING_DOWN', `The server is shutting down and takes on no new ${what}`);
}

function turns(what: string, atOnce: number): Turns {
  return new Turns({ what, atOnce, waitingMax: WAITING_MAX });
}
