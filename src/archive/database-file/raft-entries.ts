/**
 * Which entries of a RAFT member's log count (ovsdb(5), "Clustered Format"). The log may be cut back by a later entry
 * of the same index, up to where the member knew it to be committed; an entry without a record that says so is not
 * known to be.
 *
 * A member writes down how far it knows entries to be committed right after it learns so. What comes after that in a
 * file is what was under way when it was copied, or what a leader that lost its majority could not get accepted: its
 * client was told nothing, or that it failed, and the other members may have put something else in its place.
 * ovsdb-server does not serve such entries from the file either, and nor are they taken here (`ovsdb-tool
 * cluster-to-standalone` takes them, those that were cut back as well). A cluster of one member is its own majority:
 * there everything counts that was written.
 */
import { AppError } from '../../lib/error.js';

/**
 * With more entries that are not known to be committed a file is refused: each takes memory, and no cluster works like
 * that.
 */
const UNCOMMITTED_MAX = 500_000;

/**
 * A record that cannot follow those before it. ovsdb-server does not start on such a file, and the tool that is named
 * here does not mind.
 */
export class OutOfOrder extends AppError {
  constructor(
    /** The byte where the record begins. */
    readonly at: number,
    readonly what: string,
  ) {
    super(
      'INTEGRITY_FAILED',
      `The database file is damaged at byte ${at}: ${what}, and the log goes on after that. Take the file of another ` +
        'member. Where there is none, "ovsdb-tool cluster-to-standalone NEW-FILE FILE" makes a standalone file of ' +
        'it, which also has what was never committed',
    );
    this.name = 'OutOfOrder';
  }
}

export interface Entry<Data> {
  readonly index: bigint;
  readonly term: bigint;
  /** The byte where its record begins. */
  readonly at: number;
  /** Number of members from this entry on, where it says so. */
  readonly members?: number | undefined;
  /** Left out when it changes nothing of the database. */
  readonly data?: Data | undefined;
}

export class RaftEntries<Data> {
  private waiting: Entry<Data>[] = [];

  /** @param base what is before the first entry */
  constructor(private base: Pick<Entry<Data>, 'index' | 'term' | 'members'>) {}

  /** The last entry known to be committed. */
  get committed(): bigint {
    return this.base.index;
  }

  get last(): bigint {
    return this.waiting[this.waiting.length - 1]?.index ?? this.base.index;
  }

  /** Entries not known to be committed. */
  get uncommitted(): readonly Entry<Data>[] {
    return this.waiting;
  }

  /** Whether the member is the only one, as far as its log tells. */
  get isAlone(): boolean {
    return (this.waiting.findLast(({ members }) => members !== undefined) ?? this.base).members === 1;
  }

  /**
   * Adds an entry.
   * @returns entries that it takes the place of
   * @throws OutOfOrder for one that cannot follow, and it is not added; AppError TOO_LARGE
   */
  append(entry: Entry<Data>): readonly Entry<Data>[] {
    const { at, index, term } = entry;
    if (index <= this.committed) throw new OutOfOrder(at, `entry ${index} comes after ${this.committed} was committed`);
    if (index > this.last + 1n)
      throw new OutOfOrder(at, `entry ${index} follows entry ${this.last}: those between are missing`);
    const place = Number(index - this.committed) - 1;
    const before = place === 0 ? this.base : this.waiting[place - 1];
    if (before !== undefined && term < before.term)
      throw new OutOfOrder(at, `entry ${index} is of term ${term}, before that of the one it follows`);
    if (place >= UNCOMMITTED_MAX)
      throw new AppError(
        'TOO_LARGE',
        `The database file holds more than ${UNCOMMITTED_MAX} entries that are not known to be committed. Take ` +
          'the file of another member',
      );
    return this.waiting.splice(place, Infinity, entry);
  }

  /**
   * Commits entries up to one.
   * @returns them, in their order
   * @throws OutOfOrder when it is not there, and none is committed
   */
  commit(index: bigint, at: number): readonly Entry<Data>[] {
    if (index < this.committed)
      throw new OutOfOrder(
        at,
        `it says that entry ${index} is the last that is committed, after ${this.committed} was`,
      );
    if (index > this.last)
      throw new OutOfOrder(at, `it says that entry ${index} is committed, but ${this.last} is the last one`);
    const committed = this.waiting.splice(0, Number(index - this.committed));
    const members = committed.findLast((entry) => entry.members !== undefined)?.members ?? this.base.members;
    const { term } = committed[committed.length - 1] ?? this.base;
    this.base = { index, term, members };
    return committed;
  }
}
