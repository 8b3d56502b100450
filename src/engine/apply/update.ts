/** Updates: what becomes of a live row, as operations. */
import type { Atom } from '../../model/row/row.js';
import { mapEntries, wireAtom, wireValue } from '../../model/row/wire-notation.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { mutateOperation, mutation, updateOperation } from '../../ovsdb/operation.js';
import { type GuardedPart, rowGuard } from '../guard/row-guard.js';
import { type PartEdit, sortUpdate } from '../plan/part-edit.js';
import type { RowUpdate } from '../plan/table-plan.js';

/**
 * One operation for the columns that are written whole, and one for the members and keys that come to others and go.
 *
 * No guard beforehand can ask that a map lacks a key. But to insert a key does nothing where it is already there, so
 * that afterwards the map must hold what was inserted.
 * @param isLoose names columns whose keys are written whatever others have made of them
 */
export function updateTexts(
  table: TableSchema,
  uuid: string,
  update: Omit<RowUpdate, 'liveIndex'>,
  isLoose: (column: string) => boolean = () => false,
): readonly string[] {
  const { whole, parts } = sortUpdate(table, update);
  const values = whole.map(({ column, after }) => `${JSON.stringify(column.name)}:${wireValue(column, after)}`);
  const mutations = parts.flatMap((edit) => mutationsOf(edit, isLoose(edit.column.name)));
  const newKeys = parts.flatMap((edit) => (isLoose(edit.column.name) ? [] : newKeysOf(edit)));
  return [
    ...(values.length === 0 ? [] : [updateOperation(table.name, uuid, `{${values.join(',')}}`)]),
    ...(mutations.length === 0 ? [] : [mutateOperation(table.name, uuid, `[${mutations.join(',')}]`)]),
    ...(newKeys.length === 0 ? [] : [rowGuard(table, uuid, { includes: newKeys })]),
  ];
}

function mutationsOf({ column, come, go }: PartEdit, isLoose: boolean): readonly string[] {
  const inserted = come === undefined ? [] : [mutation(column.name, 'insert', wireValue(column, come))];
  if (column.kind !== 'map')
    return [...(go === undefined ? [] : [mutation(column.name, 'delete', wireValue(column, go))]), ...inserted];
  const leaving = new Set<Atom>([...mapEntries(go), ...(isLoose ? mapEntries(come) : [])].map(([key]) => key));
  if (leaving.size === 0) return inserted;
  const keys = [...leaving].map((key) => wireAtom(column.key, key));
  return [mutation(column.name, 'delete', `["set",[${keys.join(',')}]]`), ...inserted];
}

/** The pairs of a map that come with keys that it has not had. */
function newKeysOf({ column, come, go }: PartEdit): readonly GuardedPart[] {
  if (column.kind !== 'map') return [];
  const had = new Set<Atom>(mapEntries(go).map(([key]) => key));
  const part = mapEntries(come).filter(([key]) => !had.has(key));
  return part.length === 0 ? [] : [{ column, part }];
}
