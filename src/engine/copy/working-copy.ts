/**
 * A working copy (conflict policy RENAME): the part of a backup that is live comes in once more, beside the original.
 * Pure.
 *
 * Copies have new UUIDs and a suffix behind every name that must be unique, and every reference within the copy, by
 * UUID or by name, points at the copy. The result is planned with the policy SKIP: copies are inserts, and the
 * originals, which are in the result too, stay as they are.
 */
import { assert } from '../../lib/assert.js';
import type { Breath } from '../../lib/breath.js';
import { DISABLED, outsideKind, singularKeys } from '../../model/northbound/copy-rules.js';
import { holderOf } from '../../model/northbound/holder.js';
import { cutLinks, nameReferences, rewriteNames } from '../../model/northbound/name-reference.js';
import { nameOf } from '../../model/northbound/noun.js';
import { isRuntimeColumn, withoutRuntimeKeys } from '../../model/northbound/runtime.js';
import {
  type ReferenceColumn,
  referenceColumns,
  referencesOf,
  rewriteReferences,
} from '../../model/reference/reference.js';
import { type Atom, encodeRow, type Row, type Value } from '../../model/row/row.js';
import { type Snapshot, type TableRows } from '../../model/snapshot/snapshot.js';
import { StoredRows } from '../../model/snapshot/stored-rows.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf } from '../describe/label.js';
import { type Identity, NO_MATCH } from '../identify/identify.js';
import { MARK, type ScopeMarks } from '../scope/mark.js';
import { CopiedNames } from './copied-names.js';
import { CopiedRows, type CopyBasis } from './copied-rows.js';

export interface CopyOptions {
  /** Letters, digits and underscores, so that names of sets stay names of sets: _restored_20260115103000 */
  readonly suffix: string;
  readonly newUuid: () => string;
  /** What is out of scope takes no part, and nothing points at it. Default: everything is in scope. */
  readonly isInScope?: (table: string, uuid: string) => boolean;
}

export interface WorkingCopy {
  /**
   * The copies, the originals that are live, and what was not live and comes as itself; of what is out of scope those
   * live rows that refer to what comes as itself.
   */
  readonly snapshot: Snapshot;
  /** What of it is in scope. */
  readonly marks: ScopeMarks;
  /**
   * Of this snapshot with the database: to be planned with, since a copy without a name cannot be told from its
   * original.
   */
  readonly identity: Identity;
  readonly warnings: readonly string[];
  /** UUID in the backup -> UUID of the copy. */
  readonly copied: ReadonlyMap<string, string>;
}

const WARNINGS_MAX = 50;

/**
 * Makes the working copy of a backup. All three snapshots have one schema.
 * @throws AppError CONFLICT when a number that must be unique is not to be had
 */
export async function copyForRename(
  backup: Snapshot,
  live: Snapshot,
  identity: Identity,
  options: CopyOptions,
  breath: Breath,
): Promise<WorkingCopy> {
  assert(/^\w+$/.test(options.suffix), 'a suffix of copies is of letters, digits and underscores');
  const basis: CopyBasis = {
    backup,
    live,
    identity,
    newUuid: options.newUuid,
    isInScope: options.isInScope ?? (() => true),
  };
  const rows = await CopiedRows.choose(basis, breath);
  const names = await CopiedNames.choose({ backup, live, rows, suffix: options.suffix }, breath);
  return new Copying(basis, rows, names).run(breath);
}

class Copying {
  private readonly warnings: string[];
  private warningsLeftOut = 0;
  /** UUIDs of live rows that are out of scope. */
  private readonly beside = new Set<string>();

  constructor(
    private readonly basis: CopyBasis,
    private readonly rows: CopiedRows,
    private readonly names: CopiedNames,
  ) {
    this.warnings = [...rows.warnings];
  }

  async run(breath: Breath): Promise<WorkingCopy> {
    const { schema } = this.basis.backup;
    const tables = new Map<string, TableRows>();
    for (const table of schema.tables.values()) tables.set(table.name, await this.writeTable(table, breath));
    const snapshot: Snapshot = { schema, tables };
    const marks = new Map([...tables.values()].map((rows) => [rows.table, this.marksOf(rows)]));
    if (this.warningsLeftOut > 0) this.warnings.push(`and ${this.warningsLeftOut} more of the kind`);
    return {
      snapshot,
      marks,
      identity: await this.identityOf(snapshot, breath),
      warnings: this.warnings,
      copied: this.rows.allCopies(),
    };
  }

  private async writeTable(table: TableSchema, breath: Breath): Promise<TableRows> {
    const from = this.basis.backup.tables.get(table.name) as TableRows;
    const to = new StoredRows(table.name);
    const targets = referenceColumns(table)
      .flatMap(({ key, value }) => [key?.table, value?.table])
      .filter((target) => target !== undefined);
    const keepsReferences = targets.every((target) => this.rows.keepsAll(target));
    for (let i = 0; i < from.count; i++) {
      const uuid = from.uuid(i);
      if (this.rows.isKept(table.name, i)) {
        if (this.rows.isLive(table.name, i))
          to.add(uuid, keepsReferences ? from.text(i) : this.original(table, from, i));
        else to.add(uuid, encodeRow(table, this.inserted(table, from.row(i), uuid), uuid));
      } else if (this.rows.isLive(table.name, i) && this.refersToInserted(table, from, i)) {
        to.add(uuid, this.original(table, from, i));
        this.beside.add(uuid);
      }
      const copy = this.rows.copyOf(table.name, uuid);
      if (copy !== undefined) to.add(copy, encodeRow(table, this.copy(table, from.row(i), uuid), copy));
      if (breath.due()) await breath.rest();
    }
    const twice = to.seal();
    assert(twice === undefined, `a new UUID is not new: ${twice ?? ''}`);
    return to;
  }

  /** Whether the row refers to one that is not live and comes as itself. */
  private refersToInserted(table: TableSchema, from: TableRows, index: number): boolean {
    if (referenceColumns(table).length === 0) return false;
    return referencesOf(table, from.row(index)).some(({ table: to, uuid }) => {
      const at = this.keptIndex(to, uuid);
      return at !== undefined && !this.rows.isLive(to, at);
    });
  }

  private marksOf(rows: TableRows): Uint8Array {
    const marks = new Uint8Array(rows.count).fill(MARK.OWNED);
    for (const uuid of this.beside) {
      const index = rows.find(uuid);
      if (index !== undefined) marks[index] = MARK.OUT;
    }
    return marks;
  }

  /** A live row: it refers to rows that are there as themselves, and holds no port that another row brings. */
  private original(table: TableSchema, from: TableRows, index: number): string {
    const row = this.withReferences(table, from.row(index), (to, uuid) => {
      const at = this.keptIndex(to, uuid);
      return at === undefined || (!this.rows.isLive(to, at) && isPortOf(to, table)) ? undefined : uuid;
    });
    return encodeRow(table, row, from.uuid(index));
  }

  /** A row that comes as itself: it refers to what is there as itself, never to a copy. */
  private inserted(table: TableSchema, row: Row, uuid: string): Row {
    const label = (): string => labelOf(table, row, uuid);
    const kept = this.withReferences(table, row, (to, target) => {
      const at = this.keptIndex(to, target);
      if (at !== undefined && !(this.rows.isLive(to, at) && isPortOf(to, table))) return target;
      const where = at === undefined ? 'comes in the copy only' : 'is in another place now';
      if (at !== undefined || this.rows.copyOf(to, target) !== undefined)
        this.warn(`${label()} comes back without ${this.labelOf(to, target)}, which ${where}`);
      return undefined;
    });
    for (const { tables, name } of nameReferences(table.name, row))
      if (this.names.isInCopyOnly(tables, name))
        this.warn(`${label()} names "${name}", which comes in the copy only, under another name`);
    return kept;
  }

  private labelOf(table: string, uuid: string): string {
    const { schema, tables } = this.basis.backup;
    const [rows, index] = [tables.get(table), tables.get(table)?.find(uuid)];
    return labelOf(schema.tables.get(table) as TableSchema, index === undefined ? {} : (rows?.row(index) ?? {}), uuid);
  }

  private copy(table: TableSchema, row: Row, uuid: string): Row {
    const label = (): string => labelOf(table, row, uuid);
    if (table.isRoot && table.columns.has('name') && nameOf(row) === undefined)
      this.warn(`${label()} has no name, and neither has its copy`);
    const kind = outsideKind(table.name, row);
    // the copy's routers have the original's addresses: answering for both out there would take the original's traffic
    // away
    if (kind !== undefined)
      this.warn(
        `The copy of ${label()} (${kind}) is disabled: it leads to the same place outside as the original, where ` +
          'the addresses of the two would meet',
      );
    const own = {
      ...withoutRuntime(table, row),
      ...this.names.newValues(table, row),
      ...(kind === undefined ? {} : DISABLED),
    };
    const moved = this.withReferences(table, own, (to, target, strong) => {
      const copy = this.rows.copyOf(to, target);
      if (copy !== undefined) return copy;
      // a copied port group must never apply to a port that is no copy
      return (holderOf(to) !== undefined && !strong) || this.keptIndex(to, target) === undefined ? undefined : target;
    });
    const { row: unlinked, cut } = cutLinks(table.name, moved, this.names.hasCopy);
    for (const { name } of cut) this.warn(`The copy of ${label()} is not linked to "${name}", which has no copy`);
    return this.withoutSingularKeys(table, rewriteNames(table.name, unlinked, this.names.inCopies), label);
  }

  private withoutSingularKeys(table: TableSchema, row: Row, label: () => string): Row {
    let result = row;
    for (const [column, keys] of Object.entries(singularKeys(table.name))) {
      const content = row[column];
      if (typeof content !== 'object') continue;
      const gone = keys.filter((key) => key in content);
      if (gone.length === 0) continue;
      this.warn(`The copy of ${label()} comes without ${gone.join(' and ')}, which only one row can have`);
      result = {
        ...result,
        [column]: Object.fromEntries(
          Object.entries(content as Readonly<Record<string, Atom>>).filter(([key]) => !gone.includes(key)),
        ),
      };
    }
    return result;
  }

  /** The row with every reference replaced by what `target` answers for it, or dropped. */
  private withReferences(
    table: TableSchema,
    row: Row,
    target: (to: string, uuid: string, strong: boolean) => string | undefined,
  ): Row {
    const result: Record<string, Value> = { ...row };
    for (const column of referenceColumns(table)) {
      const { name } = column.column;
      const content = row[name];
      if (content === undefined) continue;
      const changed = rewriteReferences(column, content, (uuid, to) => target(to, uuid, isStrong(column, to)));
      if (changed === undefined) Reflect.deleteProperty(result, name);
      else result[name] = changed;
    }
    return result;
  }

  /** Number of a row that is there as itself. */
  private keptIndex(table: string, uuid: string): number | undefined {
    const index = this.basis.backup.tables.get(table)?.find(uuid);
    return index !== undefined && this.rows.isKept(table, index) ? index : undefined;
  }

  private warn(warning: string): void {
    if (this.warnings.length < WARNINGS_MAX) this.warnings.push(warning);
    else this.warningsLeftOut++;
  }

  /** Originals are matched as in the backup, copies with nothing. */
  private async identityOf(snapshot: Snapshot, breath: Breath): Promise<Identity> {
    const { backup, live, identity } = this.basis;
    const matches = new Map<string, Int32Array>();
    const matched = new Map<string, Uint8Array>();
    for (const rows of snapshot.tables.values()) {
      const before = backup.tables.get(rows.table) as TableRows;
      const ours = new Int32Array(rows.count).fill(NO_MATCH);
      const theirs = new Uint8Array(live.tables.get(rows.table)?.count ?? 0);
      for (let i = 0; i < rows.count; i++) {
        const index = before.find(rows.uuid(i));
        const match = index === undefined ? NO_MATCH : (identity.matches.get(rows.table)?.[index] ?? NO_MATCH);
        ours[i] = match;
        if (match !== NO_MATCH) theirs[match] = 1;
        if (breath.due()) await breath.rest();
      }
      matches.set(rows.table, ours);
      matched.set(rows.table, theirs);
    }
    return { ...identity, matches, matched };
  }
}

/** Whether rows of that table are ports, which are in one row of this table only. */
function isPortOf(port: string, { name }: TableSchema): boolean {
  return holderOf(port)?.table === name;
}

function isStrong({ key, value }: ReferenceColumn, to: string): boolean {
  return (key?.table === to && key.strong) || (value?.table === to && value.strong);
}

function withoutRuntime(table: TableSchema, row: Row): Row {
  const result: Record<string, Value> = {};
  for (const column of Object.keys(row)) {
    const rest = isRuntimeColumn(table.name, column, row) ? undefined : withoutRuntimeKeys(table, column, row[column]);
    if (rest !== undefined) result[column] = rest;
  }
  return result;
}
