/** References that a part of a configuration leaves out: counted column by column, to be warned of. */

import { plural } from '../../lib/text/plural.js';
import { nounOf } from '../../model/northbound/noun.js';
import { referenceColumns, referencesIn } from '../../model/reference/reference.js';
import type { Row } from '../../model/row/row.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { MARK } from './mark.js';

export class LeftOutReferences {
  /** "table.column" -> what is said of it */
  private readonly counts = new Map<string, { count: number; readonly what: string }>();

  constructor(private readonly snapshot: Snapshot) {}

  /**
   * Counts the row's references to rows of the snapshot that do not stay. What it owns and the filter leaves out, and
   * the other members of a port group that was pulled in, are left out on purpose.
   */
  count(table: TableSchema, row: Row, mark: number, stays: (table: string, uuid: string) => boolean): void {
    for (const column of referenceColumns(table)) {
      for (const { table: to, uuid, strong } of referencesIn(column, row[column.column.name])) {
        if (stays(to, uuid) || this.snapshot.tables.get(to)?.find(uuid) === undefined) continue;
        const isRoot = this.snapshot.schema.tables.get(to)?.isRoot === true;
        if (!isRoot && (strong || mark === MARK.NEEDED)) continue;
        const key = `${table.name}.${column.column.name}`;
        const known = this.counts.get(key);
        if (known === undefined)
          this.counts.set(key, {
            count: 1,
            what: `from ${nounOf(table.name)} rows (${column.column.name}) to ${nounOf(to)} rows`,
          });
        else known.count++;
      }
    }
  }

  warnings(): readonly string[] {
    return [...this.counts.values()].map(({ count, what }) =>
      plural(count, `# {reference|references} ${what} that the filter leaves out {is|are} dropped`),
    );
  }
}
