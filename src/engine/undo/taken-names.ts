/**
 * Names that an undo would give back and that other rows have taken meanwhile, and any other key of an index: the
 * database has room for one row of each. Whoever has it keeps it; the row that would come back is left out. A row that
 * is left out keeps the name that it has now in turn, which may be the one that yet another was to get back.
 */
import type { Breath } from '../../lib/breath.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { keysOf } from '../plan/feasibility.js';
import type { Orphans } from './rows-in-use.js';
import type { UndoDraft } from './undo-draft.js';

/** Leaves out of the draft what has no place. @param orphans rows that go, though the draft does not say so yet */
export async function leaveOutTakenNames(draft: UndoDraft, orphans: Orphans, breath: Breath): Promise<void> {
  for (const table of draft.tables) {
    const others = orphans.get(table.name) ?? new Set();
    if (table.indexes.length > 0) await new TakenNames(draft, table).leaveOut(others, breath);
    leaveOutSurplus(draft, table, others);
  }
}

/** Keys of a row that is put: those that it would get, and all that it has now. */
interface Claim {
  readonly wanted: readonly string[];
  readonly now: readonly string[];
}

class TakenNames {
  /** UUID of a row that is put -> its keys. */
  private readonly claims = new Map<string, Claim>();
  /** Key that somebody is to get -> UUID of the row that has it. */
  private readonly taken = new Map<string, string>();

  constructor(
    private readonly draft: UndoDraft,
    private readonly table: TableSchema,
  ) {}

  async leaveOut(orphans: ReadonlySet<string>, breath: Breath): Promise<void> {
    const { table } = this;
    const rows = this.draft.rows(table.name);
    const wanted = new Set<string>();
    for (const [uuid, row] of rows.puts()) {
      const before = rows.rowBefore(uuid);
      const now = before === undefined ? [] : keysOf(table, before);
      const claim = { now, wanted: keysOf(table, row).filter((key) => !now.includes(key)) };
      if (claim.wanted.length > 0) this.claims.set(uuid, claim);
      for (const key of claim.wanted) wanted.add(key);
      if (breath.due()) await breath.rest();
    }
    if (wanted.size === 0) return;
    for (const uuid of rows.uuids()) {
      const row = orphans.has(uuid) ? undefined : rows.row(uuid);
      const claimed = this.claims.get(uuid)?.wanted ?? [];
      if (row !== undefined)
        for (const key of keysOf(table, row)) if (wanted.has(key) && !claimed.includes(key)) this.taken.set(key, uuid);
      if (breath.due()) await breath.rest();
    }
    for (const uuid of [...this.claims.keys()]) this.claim(uuid);
  }

  /** Gives the row its keys, or else leaves it out, and with it whoever has taken the keys that it keeps. */
  private claim(first: string): void {
    const waiting = [first];
    for (let uuid = waiting.pop(); uuid !== undefined; uuid = waiting.pop()) {
      const claim = this.claims.get(uuid);
      if (claim === undefined) continue;
      const key = claim.wanted.find((wanted) => (this.taken.get(wanted) ?? uuid) !== uuid);
      if (key === undefined) {
        for (const wanted of claim.wanted) this.taken.set(wanted, uuid);
        continue;
      }
      this.refuse(uuid, key, this.taken.get(key) as string);
      this.claims.delete(uuid);
      for (const wanted of claim.wanted) if (this.taken.get(wanted) === uuid) this.taken.delete(wanted);
      for (const kept of claim.now) {
        const other = this.taken.get(kept);
        this.taken.set(kept, uuid);
        if (other !== undefined && other !== uuid) waiting.push(other);
      }
    }
  }

  private refuse(uuid: string, key: string, by: string): void {
    const { draft, table } = this;
    const row = draft.rows(table.name).row(uuid);
    const index = row === undefined ? -1 : keysOf(table, row).indexOf(key);
    const columns = table.indexes[index]?.join(' and ') ?? 'key';
    draft.leaveOut(
      table.name,
      uuid,
      `another row, ${draft.label(table.name, by)} (${by}), has the same ${columns} now`,
    );
  }
}

/** Tables of one row have a place that can be taken, too. */
function leaveOutSurplus(draft: UndoDraft, table: TableSchema, orphans: ReadonlySet<string>): void {
  if (table.maxRows === Infinity) return;
  const rows = draft.rows(table.name);
  const isNew = (uuid: string): boolean => rows.isPut(uuid) && rows.rowBefore(uuid) === undefined;
  const all = [...rows.uuids()].filter((uuid) => !orphans.has(uuid));
  const other = all.find((uuid) => !isNew(uuid));
  if (other === undefined) return;
  for (const uuid of all.filter(isNew).slice(0, Math.max(0, all.length - table.maxRows)))
    draft.leaveOut(
      table.name,
      uuid,
      `${draft.label(table.name, other)} is in its place, and the table holds ${table.maxRows} at most`,
    );
}
