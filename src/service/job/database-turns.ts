/**
 * The turns of heavy work that needs databases. A database that hangs must not hold up the others: each has sessions
 * and turns of its own, and the turns of all together, which are there for the memory that such work takes, are lent
 * to others while their database is not heard of.
 */
import { type Clock, every } from '../../lib/clock.js';
import { type Asker, type Turn, Turns } from './turns.js';

/** Of all that wait in one pool; one token may have half of it. */
const WAITING_MAX = 512;
/** Of one database: together with those that only wait they are what this server asks of it at one time. */
const SESSIONS_AT_ONCE = 8;
/** Each piece of heavy work holds a whole configuration, or two, in memory. */
const TURNS_AT_ONCE = 3;
const COUNTS_AT_ONCE = 2;
const LOOK_MS = 1_000;
/** Looks without a byte from the database, after which its turn is lent. */
const SILENT_LOOKS = 5;

/** What is opened before a turn is asked for. */
export interface Opened {
  /** Bytes heard so far of the databases that something is awaited from; undefined where nothing is. */
  readonly bytesAwaited?: number | undefined;
  close(): void;
}

interface OwnTurns {
  /** From before a session is open until its work has ended. */
  readonly sessions: Turns;
  /** No more of one database than of all: so it can lend no more. */
  readonly turns: Turns;
  readonly counts: Turns;
}

interface Holder {
  readonly opened: Opened;
  readonly turn: Turn;
  heard: number | undefined;
  silentLooks: number;
}

export class DatabaseTurns {
  /** By the id of the database. */
  private readonly own = new Map<string, OwnTurns>();
  private readonly shared = turns('operations on databases', TURNS_AT_ONCE);
  private readonly holders = new Set<Holder>();
  private stopLooking = (): void => undefined;

  constructor(private readonly clock: Clock) {}

  /** Pieces of work that wait. */
  get waitingCount(): number {
    const own = [...this.own.values()].flatMap(({ sessions, turns: mine, counts }) => [sessions, mine, counts]);
    return [this.shared, ...own].reduce((sum, pool) => sum + pool.waitingCount, 0);
  }

  /**
   * A turn is asked for only when the session is open: a database that does not answer holds none.
   * @param databases ids of those that it needs
   * @throws AppError RATE_LIMITED at once, for the first of them; the signal's reason while it waits
   */
  take<S extends Opened, T>(
    databases: readonly string[],
    asker: Asker,
    open: () => Promise<S>,
    work: (opened: S) => Promise<T>,
  ): Promise<T> {
    // always in the same order: nobody waits for one who waits for him
    const pools = [...new Set(databases)].sort().map((id) => this.of(id));
    return nested(
      pools.map(({ sessions }) => sessions),
      asker,
      async () => {
        const opened = await open();
        try {
          return await nested(
            pools.map((pool) => pool.turns),
            asker,
            () => this.shared.take(asker, (turn) => this.whileHeld({ opened, turn }, () => work(opened))),
          );
        } finally {
          opened.close();
        }
      },
    );
  }

  /** Counting rows asks a database for much, and holds little: it need not wait for those who read it whole. */
  takeCount<T>(database: string, asker: Asker, work: () => Promise<T>): Promise<T> {
    return this.of(database).counts.take(asker, work);
  }

  private of(database: string): OwnTurns {
    const known = this.own.get(database);
    if (known !== undefined) return known;
    const made = {
      sessions: turns(`operations on ${database}`, SESSIONS_AT_ONCE),
      turns: turns(`operations on ${database}`, TURNS_AT_ONCE),
      counts: turns(`counts of rows of ${database}`, COUNTS_AT_ONCE),
    };
    this.own.set(database, made);
    return made;
  }

  private async whileHeld<T>({ opened, turn }: Pick<Holder, 'opened' | 'turn'>, work: () => Promise<T>): Promise<T> {
    const holder: Holder = { opened, turn, heard: undefined, silentLooks: 0 };
    if (this.holders.size === 0) this.stopLooking = every(this.clock, LOOK_MS, () => this.look());
    this.holders.add(holder);
    try {
      return await work();
    } finally {
      this.holders.delete(holder);
      if (this.holders.size === 0) this.stopLooking();
    }
  }

  private look(): void {
    for (const holder of this.holders) {
      const { bytesAwaited } = holder.opened;
      const isSilent = bytesAwaited !== undefined && bytesAwaited === holder.heard;
      holder.heard = bytesAwaited;
      holder.silentLooks = isSilent ? holder.silentLooks + 1 : 0;
      if (holder.silentLooks >= SILENT_LOOKS && this.shared.waitingCount > 0) holder.turn.lend();
    }
  }
}

/** Takes a turn of each, one within the other. */
function nested<T>([first, ...rest]: readonly Turns[], asker: Asker, work: () => Promise<T>): Promise<T> {
  return first === undefined ? work() : first.take(asker, () => nested(rest, asker, work));
}

function turns(what: string, atOnce: number): Turns {
  return new Turns({ what, atOnce, waitingMax: WAITING_MAX });
}
