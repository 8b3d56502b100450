/**
 * Rows that a restore leaves as they are, whatever the backup says of them: those that are left to ovn-ic, and those
 * through which this server is connected. Holds what there is to say of them.
 */

import { plural } from '../../lib/text/plural.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import { labelOf } from '../describe/label.js';
import type { LearnedRows } from './learned-rows.js';
import { NamedRows } from './named-rows.js';
import type { OwnConnection } from './own-connection.js';

export interface UntouchedRows {
  /** Rows that are left to ovn-ic. */
  readonly learned?: LearnedRows | undefined;
  /** Live rows through which this server is connected. Forced: they are changed all the same, and that is said. */
  readonly ownConnection?: { readonly rows: OwnConnection; readonly isForced: boolean } | undefined;
}

/** The live rows of a table through which this server is connected, where they stay: by force none does. */
export function keptConnection(
  { ownConnection }: UntouchedRows,
  table: string,
): ReadonlyMap<string, string> | undefined {
  return ownConnection?.isForced === false ? ownConnection.rows.get(table) : undefined;
}

type Change = 'deleted' | 'changed';

export class Untouched {
  private readonly learned = new NamedRows();
  private readonly warnings: string[] = [];

  constructor(
    private readonly backup: Snapshot,
    private readonly live: Snapshot,
    private readonly rows: UntouchedRows,
  ) {}

  /** Whether a row of the backup, or its live match, is left to ovn-ic. @param match undefined: it has none */
  isLearned(table: string, index: number, match: number | undefined): boolean {
    const { learned } = this.rows;
    const [ofBackup, ofLive] = [learned?.backup.get(table), learned?.live.get(table)];
    return (
      ofBackup?.has(uuidOf(this.backup, table, index)) === true ||
      (match !== undefined && ofLive?.has(uuidOf(this.live, table, match)) === true)
    );
  }

  /** A row of the backup is left to ovn-ic. */
  noteLearned(table: string, index: number): void {
    this.learned.add(() => labelIn(this.backup, table, index));
  }

  /** Whether a live row is to stay as it is, since this server is connected through it. */
  isOwnConnection(table: string, match: number): boolean {
    return keptConnection(this.rows, table)?.has(uuidOf(this.live, table, match)) === true;
  }

  /** Such a row differs from the backup. */
  noteOwnConnection(table: string, match: number): void {
    this.warnOfOwn(table, match, 'changed');
  }

  /** Why a live row that exact would delete stays, if it does. That is noted. */
  spares(table: string, liveIndex: number): 'LEARNED' | 'OWN_CONNECTION' | undefined {
    if (this.rows.learned?.live.get(table)?.has(uuidOf(this.live, table, liveIndex)) === true) {
      this.learned.add(() => labelIn(this.live, table, liveIndex));
      return 'LEARNED';
    }
    if (!this.isOwnConnection(table, liveIndex)) return undefined;
    this.warnOfOwn(table, liveIndex, 'deleted');
    return 'OWN_CONNECTION';
  }

  /** Whether the live row that holds this live row goes on holding it, whatever the backup says. */
  staysHeld(table: string, uuid: string): boolean {
    const { learned } = this.rows;
    return learned?.live.get(table)?.has(uuid) === true || keptConnection(this.rows, table)?.has(uuid) === true;
  }

  /** Whether this server is connected through a live row, be it left or changed: more than that is not said of it. */
  isOwn(table: string, liveIndex: number): boolean {
    return this.rows.ownConnection?.rows.get(table)?.has(uuidOf(this.live, table, liveIndex)) === true;
  }

  /** By force, a row through which this server is connected is changed or deleted. */
  noteForced(
    table: string,
    isChanged: (liveIndex: number) => boolean,
    isDeleted: (liveIndex: number) => boolean,
  ): void {
    const { ownConnection } = this.rows;
    if (ownConnection?.isForced !== true) return;
    for (const uuid of ownConnection.rows.get(table)?.keys() ?? []) {
      const index = this.live.tables.get(table)?.find(uuid);
      if (index === undefined) continue;
      if (isDeleted(index)) this.warnOfOwn(table, index, 'deleted');
      else if (isChanged(index)) this.warnOfOwn(table, index, 'changed');
    }
  }

  /** What there is to say. */
  *told(): Generator<string> {
    const { count } = this.learned;
    if (count > 0) {
      yield plural(
        count,
        "# {row|rows} of ovn-ic's, which makes and removes such rows by itself, {is|are} left out, or left as the " +
          'database has {it|them} unless what holds {it|them} is deleted: ',
      ) +
        `${this.learned.named()}. ` +
        (this.rows.learned?.isForced === true
          ? 'Force restores them only where ovn-ic is gone: it has rows in this database, or is told to learn routes'
          : 'Where ovn-ic is gone, and its rows with it, force restores them');
    }
    yield* this.warnings;
  }

  private warnOfOwn(table: string, liveIndex: number, change: Change): void {
    const { ownConnection } = this.rows;
    const remote = ownConnection?.rows.get(table)?.get(uuidOf(this.live, table, liveIndex)) ?? '';
    const label = labelIn(this.live, table, liveIndex);
    const why = `this server is connected through it (${remote})`;
    this.warnings.push(
      ownConnection?.isForced === true
        ? `${label} is ${change}, since force was given: ${why}, and may not reach the database any more`
        : `${label} is left as it is, though the backup would have it ${change}: ${why}. With force it is ${change}, ` +
            'and this server may not reach the database any more',
    );
  }
}

function uuidOf({ tables }: Snapshot, table: string, index: number): string {
  return tables.get(table)?.uuid(index) ?? '';
}

function labelIn({ schema, tables }: Snapshot, name: string, index: number): string {
  const [table, rows] = [schema.tables.get(name), tables.get(name)];
  return table === undefined || rows === undefined ? name : labelOf(table, rows.row(index), rows.uuid(index));
}
