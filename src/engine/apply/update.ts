/** Updates: what becomes of a live row, as operations. */
import { wireValue } from '../../model/row/wire-notation.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { mutateOperation, mutation, updateOperation } from '../../ovsdb/operation.js';
import type { MemberUpdate, RowUpdate } from '../plan/table-plan.js';

/** One operation for the columns that are written whole, and one for the members that come to others and go. */
export function updateTexts(
  { name }: TableSchema,
  uuid: string,
  { columns, members }: Pick<RowUpdate, 'columns' | 'members'>,
): readonly string[] {
  const values = columns.map(({ column, after }) => `${JSON.stringify(column.name)}:${wireValue(column, after)}`);
  return [
    ...(columns.length === 0 ? [] : [updateOperation(name, uuid, `{${values.join(',')}}`)]),
    ...(members.length === 0 ? [] : [mutateOperation(name, uuid, `[${members.flatMap(mutations).join(',')}]`)]),
  ];
}

function mutations({ column, added, removed }: MemberUpdate): readonly string[] {
  return [
    ...(removed === undefined ? [] : [mutation(column.name, 'delete', wireValue(column, removed))]),
    ...(added === undefined ? [] : [mutation(column.name, 'insert', wireValue(column, added))]),
  ];
}
