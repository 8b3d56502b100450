/**
 * Scope rules: what the marks of a scope mean between a backup and a live database: which rows of the backup take part,
 * and which live rows are nobody's business. Pure.
 */

import { holderColumns, referenceColumns, referencesIn } from '../../model/reference/reference.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { DatabaseSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { type Identity, NO_MATCH } from '../identify/identify.js';
import { MARK, type ScopeMarks } from './mark.js';

export interface ScopeRulesParts {
  readonly backup: Snapshot;
  readonly live: Snapshot;
  readonly identity: Identity;
  readonly marks: { readonly backup: ScopeMarks; readonly live: ScopeMarks };
}

/** What row of the backup a live row is matched with. */
const MATCHED = { WITH_NONE: 0, IN_SCOPE: 1, OUT_OF_SCOPE: 2 } as const;

export class ScopeRules {
  private readonly schema: DatabaseSchema;
  /** Table -> for each live row whether a row of the backup is matched with it, and whether that is in scope. */
  private readonly matched = new Map<string, Uint8Array>();
  /**
   * Live UUIDs of what live carriers hold in the backup. Carriers are left as they are, so that it stays where it is.
   */
  private readonly carried = new Set<string>();
  /** Tables of which rows come back. */
  private readonly returning = new Set<string>();

  constructor(private readonly parts: ScopeRulesParts) {
    this.schema = parts.live.schema;
    for (const [table, rows] of parts.live.tables) {
      const matched = new Uint8Array(rows.count);
      parts.identity.matches.get(table)?.forEach((match, index) => {
        const isOut = this.markOf(table, index) === MARK.OUT;
        if (match !== NO_MATCH) matched[match] = isOut ? MATCHED.OUT_OF_SCOPE : MATCHED.IN_SCOPE;
        else if (!isOut) this.returning.add(table);
      });
      this.matched.set(table, matched);
      this.noteCarried(table);
    }
  }

  private noteCarried(name: string): void {
    const { backup, identity, marks } = this.parts;
    const [table, rows] = [this.schema.tables.get(name), backup.tables.get(name)];
    if (table === undefined || rows === undefined || marks.backup.get(name)?.includes(MARK.CARRIER) !== true) return;
    const columns = holderColumns(this.schema, table);
    for (let i = 0; i < rows.count; i++) {
      if (this.markOf(name, i) !== MARK.CARRIER || identity.matches.get(name)?.[i] === NO_MATCH) continue;
      const row = rows.row(i);
      for (const column of columns)
        for (const { uuid } of referencesIn(column, row[column.column.name]))
          this.carried.add(identity.translation.get(uuid) ?? uuid);
    }
  }

  /** Of a row of the backup, by its number. */
  markOf(table: string, index: number): number {
    return this.parts.marks.backup.get(table)?.[index] ?? MARK.OUT;
  }

  /** Whether rows of this table can refer to rows that come back. */
  mayReferToReturning(table: TableSchema): boolean {
    return referenceColumns(table).some(({ key, value }) =>
      [key, value].some((to) => to !== undefined && this.returning.has(to.table)),
    );
  }

  /** Whether a row in scope refers to this row of the backup: it is in scope too, or lives on beside what is. */
  refersTo(table: string, uuid: string): boolean {
    const index = this.parts.backup.tables.get(table)?.find(uuid);
    if (index === undefined) return false;
    return (
      this.markOf(table, index) !== MARK.OUT ||
      (this.parts.marks.backup.beside?.get(table)?.has(index) === true &&
        this.parts.identity.matches.get(table)?.[index] !== NO_MATCH)
    );
  }

  /** Whether a live row that is updated keeps its reference to this live row, whatever the backup says. */
  keepsLive(table: string, uuid: string, exact: boolean): boolean {
    const index = this.parts.live.tables.get(table)?.find(uuid);
    if (index === undefined) return false;
    const matched = this.matched.get(table)?.[index] ?? MATCHED.WITH_NONE;
    if (matched === MATCHED.IN_SCOPE) return this.carried.has(uuid);
    const mark = this.liveMark(table, index);
    if (mark === MARK.OUT) return true;
    // what is held here and is elsewhere in the backup would be lost without this reference
    const isHeld = this.schema.tables.get(table)?.isRoot === false;
    if (matched === MATCHED.OUT_OF_SCOPE) return isHeld;
    return !exact || (isHeld && mark !== MARK.OWNED);
  }

  /** Whether exact deletes this live row: it is owned by what was picked, and in no row of the backup. */
  isSurplus(table: string, index: number): boolean {
    return this.liveMark(table, index) === MARK.OWNED && this.matched.get(table)?.[index] === MATCHED.WITH_NONE;
  }

  /** Whether a row of the backup is matched with this live row, in scope or not. */
  isMatched(table: string, index: number): boolean {
    return (this.matched.get(table)?.[index] ?? MATCHED.WITH_NONE) !== MATCHED.WITH_NONE;
  }

  /** Whether a row in scope is matched with this live row. */
  isMatchedInScope(table: string, index: number): boolean {
    return this.matched.get(table)?.[index] === MATCHED.IN_SCOPE;
  }

  private liveMark(table: string, index: number): number {
    return this.parts.marks.live.get(table)?.[index] ?? MARK.OUT;
  }
}
