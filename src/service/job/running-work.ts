/**
 * The work under way, so that a server that is told to stop can let it end and take on no more; and the turns of what
 * is heavy. Work that needs the database and work that needs only the store have turns of their own: a database that
 * hangs holds up nobody who does not need it.
 */
import { type Clock, systemClock } from '../../lib/clock.js';
import { AppError } from '../../lib/error.js';
import { joinSignals, sharedController } from '../../lib/joined-signal.js';
import { DatabaseTurns, type Opened } from './database-turns.js';
import { type Asker, Turns } from './turns.js';

/** Of all that wait in one pool; one token may have half of it. */
const WAITING_MAX = 512;
const STORE_TURNS_AT_ONCE = 2;
const LOOK_UPS_AT_ONCE = 2;

export interface WorkOptions {
  readonly drillsAtOnce?: number;
  /** By which it is seen that a database hangs. */
  readonly clock?: Clock;
}

export class RunningWork {
  private readonly running = new Set<Promise<unknown>>();
  private readonly stopping = sharedController();
  private readonly databases: DatabaseTurns;
  private readonly store = turns('operations on stored backups', STORE_TURNS_AT_ONCE);
  private readonly lookUps = turns('look-ups of rows', LOOK_UPS_AT_ONCE);
  private readonly drills: Turns;

  constructor({ drillsAtOnce = 1, clock = systemClock }: WorkOptions = {}) {
    this.drills = turns('drills', drillsAtOnce);
    this.databases = new DatabaseTurns(clock);
  }

  /** Pieces of work under way, those that wait for their turn included. */
  get count(): number {
    return this.running.size;
  }

  /** Pieces of work that wait for their turn. */
  get waitingCounts(): { readonly database: number; readonly store: number; readonly drills: number } {
    return {
      database: this.databases.waitingCount,
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
   * Heavy work that needs databases. It asks for its turn only when its session is open; the session is closed
   * afterwards. database-turns.ts says how one that hangs is kept from holding up the others.
   * @param databases ids of those that it needs
   * @param open ends when the asker's signal aborts
   * @throws AppError RATE_LIMITED at once; SHUTTING_DOWN, or the signal's reason, while it waits
   */
  inDatabaseTurn<S extends Opened, T>(
    databases: readonly string[],
    asker: Asker,
    open: (signal: AbortSignal | undefined) => Promise<S>,
    work: (opened: S) => Promise<T>,
  ): Promise<T> {
    const opening = (): Promise<S> =>
      open(asker.signal).catch((error: unknown) => {
        asker.signal?.throwIfAborted();
        throw error;
      });
    return this.untilStop(asker, (waiting) => this.databases.take(databases, waiting, opening, work));
  }

  /** Counting rows asks a database for much, and holds little: it need not wait for those who read it whole. */
  inCountTurn<T>(database: string, asker: Asker, work: () => Promise<T>): Promise<T> {
    return this.untilStop(asker, (waiting) => this.databases.takeCount(database, waiting, work));
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
