/** How many rows a table has. */
import { Field, ObjectType } from 'type-graphql';
import { BigIntScalar } from './scalars.js';

@ObjectType({ description: 'How many rows a table has' })
export class TableCount {
  @Field(() => String, { description: 'Name of the table, such as Logical_Switch' })
  table!: string;

  @Field(() => BigIntScalar, { description: 'How many rows it has' })
  rows!: number;
}

/** Table -> rows, as a list in the order of names. */
export function tableCounts(tables: Readonly<Record<string, number>>): readonly TableCount[] {
  return Object.entries(tables)
    .map(([table, rows]) => ({ table, rows }))
    .sort((a, b) => (a.table < b.table ? -1 : 1));
}
