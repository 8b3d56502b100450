/** What the contract says of rows that are looked at. */
import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { ConfigurationRow as LookedRow, RowPage } from '../../../service/rows/looked-into.js';
import { PAGE_INFO, PageInfo, TOTAL_COUNT } from '../common/page.type.js';
import { JsonScalar } from '../common/scalars.js';

@ObjectType({ description: 'A row at the other end of a reference' })
export class RowReference {
  @Field(() => String, { description: 'Name of the column that holds the reference' })
  column!: string;

  @Field(() => String, { description: 'Name of the table, such as Logical_Switch' })
  table!: string;

  @Field(() => ID, { description: 'UUID of the row' })
  uuid!: string;

  @Field(() => String, { description: 'Name of the row, as people call it' })
  label!: string;
}

@ObjectType({ description: 'A row of a configuration' })
export class ConfigurationRow {
  readonly looked!: LookedRow;

  @Field(() => String, { description: 'Name of the table, such as Logical_Switch' })
  table!: string;

  @Field(() => ID, { description: 'UUID of the row' })
  uuid!: string;

  @Field(() => String, {
    description: 'Name of the row, as people call it: its own name, or what it belongs to and its key',
  })
  label!: string;

  @Field(() => JsonScalar, {
    description:
      'Its columns, as an object: a set is an array, a map an object. A column at the default of its type is left out',
  })
  columns!: unknown;
}

@ObjectType({ description: 'A page of rows' })
export class RowConnection {
  @Field(() => [ConfigurationRow], { description: 'The rows of the page' })
  nodes!: readonly ConfigurationRow[];

  @Field(() => PageInfo, PAGE_INFO)
  pageInfo!: PageInfo;

  @Field(() => Int, TOTAL_COUNT)
  totalCount!: number;
}

export function rowsOf({ nodes, totalCount, ...pageInfo }: RowPage): RowConnection {
  return { nodes: nodes.map(rowOf), totalCount, pageInfo };
}

export function rowOf(looked: LookedRow): ConfigurationRow {
  const { table, uuid, label, columns } = looked;
  return { looked, table, uuid, label, columns };
}
