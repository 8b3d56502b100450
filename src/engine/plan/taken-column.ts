/**
 * Columns of rows out of scope that should refer to a row that comes back, in the place of which they have another by
 * now: they stay as they are, and that is said.
 */
import type { Row } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';

const WARNINGS_MAX = 20;

export class TakenColumns {
  private readonly texts: string[] = [];
  private count = 0;

  add(table: TableSchema, row: Row, uuid: string, columns: readonly string[]): void {
    if (columns.length === 0) return;
    this.count++;
    if (this.texts.length < WARNINGS_MAX)
      this.texts.push(
        `${labelOf(table, row, uuid)} keeps what it has in ${columns.join(', ')}: in the backup it refers there to a ` +
          'row that comes back',
      );
  }

  warnings(): readonly string[] {
    const more = this.count - this.texts.length;
    return more === 0 ? this.texts : [...this.texts, `and ${more} more of the kind`];
  }
}
