/** Updates: what becomes of a live row, as operations. */
import type { Atom } from '../../model/row/row.js';
import { mapEntries, wireAtom, wireValue } from '../../model/row/wire-notation.js';
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { mutateOperation, mutation, updateOperation } from '../../ovsdb/operation.js';
import { deltaOf } from '../plan/plan-changes.js';
import type { ColumnDiff } from '../plan/row-diff.js';
import type { MemberUpdate, RowUpdate } from '../plan/table-plan.js';

/**
 * One operation for the columns that are written whole, and one for the members that come to others and go.
 * @param isLoose names columns that others may have written to: a set or a map of them is not written whole, so that
 * what others put into it stays
 */
export function updateTexts(
  { name }: TableSchema,
  uuid: string,
  { columns, members }: Pick<RowUpdate, 'columns' | 'members'>,
  isLoose: (column: string) => boolean = () => false,
): readonly string[] {
  const isByMember = ({ column }: ColumnDiff): boolean => isLoose(column.name) && isUnbounded(column);
  const values = columns
    .filter((diff) => !isByMember(diff))
    .map(({ column, after }) => `${JSON.stringify(column.name)}:${wireValue(column, after)}`);
  const mutations = [...members.flatMap(memberMutations), ...columns.filter(isByMember).flatMap(contentMutations)];
  return [
    ...(values.length === 0 ? [] : [updateOperation(name, uuid, `{${values.join(',')}}`)]),
    ...(mutations.length === 0 ? [] : [mutateOperation(name, uuid, `[${mutations.join(',')}]`)]),
  ];
}

/** Whether the column may hold any number of members or pairs. */
function isUnbounded({ kind, min, max }: ColumnSchema): boolean {
  return (kind === 'set' || kind === 'map') && min === 0 && max === Infinity;
}

function memberMutations({ column, added, removed }: MemberUpdate): readonly string[] {
  return [
    ...(removed === undefined ? [] : [mutation(column.name, 'delete', wireValue(column, removed))]),
    ...(added === undefined ? [] : [mutation(column.name, 'insert', wireValue(column, added))]),
  ];
}

/** A pair of a map goes by its key, whatever others made of its value. */
function contentMutations({ column, before, after }: ColumnDiff): readonly string[] {
  const { added, removed } = deltaOf(column, before, after);
  if (column.kind !== 'map') return memberMutations({ column, added, removed, before, after });
  const keys = new Set<Atom>([...mapEntries(removed), ...mapEntries(added)].map(([key]) => key));
  const atoms = [...keys].map((key) => wireAtom(column.key, key));
  return [
    ...(atoms.length === 0 ? [] : [mutation(column.name, 'delete', `["set",[${atoms.join(',')}]]`)]),
    ...(added === undefined ? [] : [mutation(column.name, 'insert', wireValue(column, added))]),
  ];
}
