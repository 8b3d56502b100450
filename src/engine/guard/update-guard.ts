/**
 * What a row that is updated must hold, so that what the update makes of it is what was planned: of a column that is
 * written whole its value, of a set or a map the members and keys that are written. What else is in those may change.
 */
import { referenceColumns } from '../../model/reference/reference.js';
import type { DatabaseSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { keepsAlive } from '../order/planned-row.js';
import { configured, sortUpdate } from '../plan/part-edit.js';
import type { RowUpdate } from '../plan/table-plan.js';
import type { GuardedColumn, GuardedPart, RowState } from './row-guard.js';
import { holdsUnindexed } from './unindexed-row.js';

export interface UpdateGuarding {
  /** Names columns that others may have written to. */
  readonly isLoose?: (column: string) => boolean;
  /** Tables of which the rows that come to sets have guards of their own (unindexed-row.ts). */
  readonly asked?: ReadonlySet<string>;
}

export function updatedState(
  schema: DatabaseSchema,
  table: TableSchema,
  update: Omit<RowUpdate, 'liveIndex'>,
  { isLoose = () => false, asked }: UpdateGuarding = {},
): RowState {
  const { whole, parts } = sortUpdate(table, update);
  const references = new Map(referenceColumns(table).map((reference) => [reference.column, reference]));
  const before = new Map([...update.columns, ...update.members].map((change) => [change.column, change.before]));
  const columns: GuardedColumn[] = configured(table, whole).filter(({ column }) => !isLoose(column.name));
  const [includes, excludes]: [GuardedPart[], GuardedPart[]] = [[], []];
  for (const { column, come, go } of parts) {
    const reference = references.get(column);
    if (reference !== undefined && column.kind === 'set') {
      const mayComeTwice = holdsUnindexed(schema, reference) && asked?.has(reference.key?.table ?? '') !== true;
      if (come !== undefined && mayComeTwice) columns.push({ column, before: before.get(column) });
      // somebody may have put it elsewhere
      else if (go !== undefined && keepsAlive(schema, reference.key)) includes.push({ column, part: go });
    } else if (!isLoose(column.name)) {
      if (go !== undefined) includes.push({ column, part: go });
      if (come !== undefined && column.kind === 'set') excludes.push({ column, part: come });
    }
  }
  return { columns, includes, excludes };
}
