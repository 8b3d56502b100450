/** Marks: how each row of a snapshot belongs to the part of it that a filter picks (scope.ts makes them). */

export const MARK = {
  OUT: 0,
  /** Comes only as the holder of a row that is needed, and is left as it is where it is live. */
  CARRIER: 1,
  /** Not picked, but the picked rows cannot stand without it. */
  NEEDED: 2,
  /** Picked, or owned by a picked row. */
  OWNED: 3,
} as const;

export type Mark = (typeof MARK)[keyof typeof MARK];

/** Table -> mark of each row. */
export interface ScopeMarks extends ReadonlyMap<string, Uint8Array> {
  /**
   * Table -> rows that are OUT, but members of a picked port group: they are not touched, and the group has them where
   * they are live.
   */
  readonly beside?: ReadonlyMap<string, ReadonlySet<number>>;
}

/** A row that nobody picked and that comes along. */
export interface PulledIn {
  readonly table: string;
  readonly uuid: string;
  readonly label: string;
  /** Why: `DHCP options of port "web-1"`. */
  readonly reason: string;
}
