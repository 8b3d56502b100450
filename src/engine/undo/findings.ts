/**
 * What an undo found that others did since: conflicts where it is STRICT, warnings otherwise; and notes, which are
 * warnings always.
 */
import type { Problem } from '../../lib/error.js';
import { plural } from '../../lib/text/plural.js';
import type { UndoMode } from './kept-change.js';

const LISTED_MAX = 100;

export interface NamedRow {
  readonly table: string;
  readonly label: string;
}

export class Findings {
  private readonly listed: Problem[] = [];
  private readonly notes: string[] = [];
  private unlisted = 0;

  constructor(private readonly mode: UndoMode) {}

  /**
   * Both go on after the row's label.
   * @param refused what would become of the row, where the undo is refused for it
   * @param warned what becomes of it, in words that a dry run and an undo that was done have in common
   */
  add({ table, label }: NamedRow, refused: string, warned = refused): void {
    const what = this.mode === 'STRICT' ? refused : warned;
    if (this.listed.length < LISTED_MAX)
      this.listed.push({ code: 'CONFLICT', message: `${label} ${what}`, table, label });
    else this.unlisted++;
  }

  /** What is no conflict. @param what goes on after the row's label */
  note({ label }: NamedRow, what: string): void {
    if (this.notes.length < LISTED_MAX) this.notes.push(`${label} ${what}`);
  }

  get conflicts(): readonly Problem[] {
    return this.mode === 'STRICT' ? this.listed : [];
  }

  get warnings(): readonly string[] {
    if (this.mode === 'STRICT') return this.notes;
    const messages = [...this.listed.map(({ message }) => message), ...this.notes];
    if (this.unlisted === 0) return messages;
    return [...messages, plural(this.unlisted, '# more {row was|rows were} changed by others since')];
  }
}
