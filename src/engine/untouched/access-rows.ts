/**
 * Rows that say how clients reach the database (ACCESS_TABLES): what there is to say of those that are left out or left
 * as they are, though the backup is otherwise, and of those that are deleted or changed, which can lock clients out.
 */

import { plural } from '../../lib/text/plural.js';
import type { Row, Value } from '../../model/row/row.js';
import type { TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import { NamedRows } from './named-rows.js';

const ONLY_WITH_FORCE =
  '{It says|They say} how clients reach the database. A restore changes {it|them} only with force, or if this server ' +
  'made the backup of this database';

/** Rows of one such table that take no part. */
export class LeftAccess {
  /** Rows that the database lacks. */
  private readonly missing = new NamedRows();
  private readonly differing = new NamedRows();
  /** Rows that exact would delete. */
  private readonly surplus = new NamedRows();

  constructor(private readonly table: TableSchema) {}

  noteMissing(row: Row, uuid: string): void {
    this.missing.add(() => labelOf(this.table, row, uuid));
  }

  noteDiffering(row: Row, uuid: string): void {
    this.differing.add(() => labelOf(this.table, row, uuid));
  }

  noteSurplus(row: Row, uuid: string): void {
    this.surplus.add(() => labelOf(this.table, row, uuid));
  }

  *told(): Generator<string> {
    const { name } = this.table;
    if (this.missing.count > 0)
      yield plural(
        this.missing.count,
        `# ${name} {row is|rows are} left out: {it says|they say} how clients reach the database, and ` +
          '{is|are} restored only into the database {it|they} came from, or with force',
      );
    yield* told(
      this.differing,
      `# ${name} {row differs|rows differ} from the backup and {is|are} left as the database has {it|them}`,
    );
    yield* told(this.surplus, `# ${name} {row|rows} that only the database has {is|are} left, though exact was given`);
  }
}

function* told(rows: NamedRows, what: string): Generator<string> {
  if (rows.count > 0) yield `${plural(rows.count, what)}: ${rows.named()}. ${plural(rows.count, ONLY_WITH_FORCE)}`;
}

/** What is done to the live rows of one such table. */
export interface AccessChanges {
  readonly table: TableSchema;
  readonly live: TableRows;
  readonly deletes: readonly number[];
  /** Number of the live row -> the values that are set. */
  readonly updates: Iterable<readonly [number, { readonly [column: string]: Value | undefined }]>;
  /** Whether something is said of the row already. */
  readonly isTold: (liveIndex: number) => boolean;
}

const NO_KEYS: ReadonlySet<string> = new Set(['external_ids']);

/** Who can lose the database by rows that are deleted, or say something else by now. */
export function* lostAccess({ table, live, deletes, updates, isTold }: AccessChanges): Generator<string> {
  const hasTarget = table.columns.has('target');
  const label = (index: number): string => labelOf(table, live.row(index), live.uuid(index));
  const gone = new NamedRows();
  for (const index of deletes) if (!isTold(index)) gone.add(() => label(index));
  if (gone.count > 0)
    yield `${plural(gone.count, `# ${table.name} {row is|rows are} deleted: `)}${gone.named()}. ` +
      (hasTarget
        ? plural(gone.count, 'Clients that connect through {it|them} lose the database')
        : 'Clients that connect over ssl: can lose the database');
  const changed = new NamedRows();
  for (const [index, after] of updates) {
    const columns = Object.keys(after).filter((column) => (hasTarget ? column === 'target' : !NO_KEYS.has(column)));
    if (columns.length === 0 || isTold(index)) continue;
    const { target } = after;
    changed.add(() => `${label(index)} (${typeof target === 'string' ? `to "${target}"` : columns.join(', ')})`);
  }
  if (changed.count === 0) return;
  const what = hasTarget ? 'target' : 'content';
  yield `${plural(changed.count, `# ${table.name} {row gets|rows get} another ${what}: `)}${changed.named()}. ${
    hasTarget
      ? plural(changed.count, 'Clients that connect through {its|their} old {target|targets} lose the database')
      : 'Clients that connect over ssl: can lose the database'
  }`;
}
