/**
 * Rows that a plan changes less than the backup would have it, or not at all, though no policy says so: what there is
 * to say of them.
 */

import { plural } from '../../lib/text/plural.js';
import type { Row } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import { NamedRows } from '../untouched/named-rows.js';

const WARNINGS_MAX = 20;

export class LeftAlone {
  private readonly texts: string[] = [];
  private count = 0;
  private readonly partly = new NamedRows();
  private readonly carriers = new NamedRows();
  private readonly bare = new NamedRows();
  private readonly unheld = new NamedRows();

  /**
   * A row out of scope should refer in these columns to a row that comes back, in the place of which it has another by
   * now.
   */
  noteTaken(table: TableSchema, row: Row, uuid: string, columns: readonly string[]): void {
    if (columns.length === 0) return;
    this.say(
      () =>
        `${labelOf(table, row, uuid)} keeps what it has in ${columns.join(', ')}: in the backup it refers there to a ` +
        'row that comes back',
    );
  }

  /** A row gets references back, and differs from the backup otherwise. @param label with the columns that differ */
  notePartly(label: () => string): void {
    this.partly.add(label);
  }

  /** A live row that comes only as the holder of what is needed (a carrier) differs. */
  noteCarrier(label: () => string): void {
    this.carriers.add(label);
  }

  /** A row that comes only as such a holder is made. */
  noteBare(label: () => string): void {
    this.bare.add(label);
  }

  /** A row is left out, since what would hold it is left as it is, or left out. */
  noteUnheld(label: () => string): void {
    this.unheld.add(label);
  }

  /** A port that is needed is live, and not in the row that has it in the backup. */
  noteElsewhere(text: () => string): void {
    this.say(text);
  }

  warnings(): readonly string[] {
    const [taken, partly, carriers, bare] = [this.texts, this.partly.count, this.carriers.count, this.bare.count];
    const told = [...taken];
    if (this.count > taken.length) told.push(`and ${this.count - taken.length} more of the kind`);
    if (carriers > 0)
      told.push(
        plural(
          carriers,
          '# {row differs|rows differ} from the backup and {is|are} left as the database has {it|them}, since the ' +
            'filter does not pick {it|them}, and only needs a port of {it|them}: ',
        ) + this.carriers.named(),
      );
    if (partly > 0)
      told.push(
        plural(
          partly,
          '# {row gets|rows get} references to what comes back, and {is|are} left as the database has {it|them} ' +
            'otherwise, though {it differs|they differ} from the backup: ',
        ) + this.partly.named(),
      );
    if (bare > 0)
      told.push(
        plural(
          bare,
          '# {row is|rows are} made bare, with nothing but the ports that the filter needs of {it|them}. With a ' +
            'filter that names {it|them} the rest comes back, too, if the backup has it: ',
        ) + this.bare.named(),
      );
    if (this.unheld.count > 0)
      told.push(
        plural(
          this.unheld.count,
          '# {row is|rows are} left out, since what would hold {it|them} is left as it is, or left out: ',
        ) + this.unheld.named(),
      );
    return told;
  }

  private say(text: () => string): void {
    this.count++;
    if (this.texts.length < WARNINGS_MAX) this.texts.push(text());
  }
}
