/**
 * Collections: sets that many put members into, and take them out of, one by one (from ovn-nb(5) and the systems that
 * write it). Any other set is written as one value.
 */
import type { ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { referenceColumns } from './reference.js';

/** Beside sets of references, all of which are collections. */
const COLLECTIONS: Readonly<Record<string, readonly string[]>> = {
  Address_Set: ['addresses'],
  Forwarding_Group: ['child_port'],
};

export function isCollection(table: TableSchema, { name }: ColumnSchema): boolean {
  return (
    COLLECTIONS[table.name]?.includes(name) === true ||
    referenceColumns(table).some(({ column }) => column.name === name)
  );
}
