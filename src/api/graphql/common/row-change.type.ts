/** What the contract says of changes of rows, of a restore and of a comparison. */
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { ChangePage, RowChange as ServiceChange } from '../../../service/change/change-page.js';
import { PAGE_INFO, PageInfo } from './page.type.js';
import { JsonScalar } from './scalars.js';

export enum ChangeKind {
  INSERT = 'INSERT',
  UPDATE = 'UPDATE',
  DELETE = 'DELETE',
  SKIP = 'SKIP',
}
registerEnumType(ChangeKind, {
  name: 'ChangeKind',
  description: 'What happens to a row',
  valuesConfig: {
    INSERT: { description: 'It is created' },
    UPDATE: { description: 'Some of its columns change' },
    DELETE: { description: 'It is deleted' },
    SKIP: { description: 'It is left as it is' },
  },
});

const REMOVED_ABOUT =
  'The members that are removed from a set or map. A map entry with another value is both removed and added';
const VALUES_ABOUT = 'Of a restore: null if the token lacks backups:restore, with an error for each such field';

@ObjectType({ description: 'A column that a change touches' })
export class ColumnChange {
  @Field(() => String, { description: 'Name of the column' })
  column!: string;

  @Field(() => JsonScalar, { nullable: true, description: `Value before the change. ${VALUES_ABOUT}` })
  before?: unknown;

  @Field(() => JsonScalar, { nullable: true, description: `Value after the change. ${VALUES_ABOUT}` })
  after?: unknown;

  @Field(() => JsonScalar, {
    nullable: true,
    description: `The members that are added to a set or map. ${VALUES_ABOUT}`,
  })
  added?: unknown;

  @Field(() => JsonScalar, { nullable: true, description: `${REMOVED_ABOUT}. ${VALUES_ABOUT}` })
  removed?: unknown;
}

@ObjectType({ description: 'What happens to one row' })
export class RowChange {
  @Field(() => ChangeKind, { description: 'What happens to the row' })
  kind!: ChangeKind;

  @Field(() => String, { description: 'Name of the table, such as Logical_Switch' })
  table!: string;

  @Field(() => ID, { description: 'UUID of the row' })
  uuid!: string;

  @Field(() => String, {
    description: 'Name of the row, as people call it: its own name, or what it belongs to and its key',
  })
  label!: string;

  @Field(() => [ColumnChange], {
    description:
      'INSERT: every column that is set. UPDATE: the columns that differ. DELETE: every column of the row. SKIP: ' +
      'none',
  })
  columns!: readonly ColumnChange[];

  @Field(() => String, { nullable: true, description: 'Of a SKIP: why the row is left as it is' })
  reason?: string | undefined;
}

@ObjectType({ description: 'A page of changes' })
export class RowChangeConnection {
  @Field(() => [RowChange], { description: 'The changes of the page' })
  nodes!: readonly RowChange[];

  @Field(() => PageInfo, PAGE_INFO)
  pageInfo!: PageInfo;

  @Field(() => Int, { description: 'How many changes of this kind and table there are' })
  totalCount!: number;
}

export function changesOf(page: ChangePage): RowChangeConnection {
  const { nodes, totalCount, ...pageInfo } = page;
  return { nodes: nodes.map(changeOf), totalCount, pageInfo };
}

/**
 * The same page without what is in the rows.
 * @param why a client that asks for values is told once
 */
export function changesWithoutValues(page: ChangePage, why: Error): RowChangeConnection {
  const { nodes, totalCount, ...pageInfo } = page;
  const first = nodes.find(({ columns }) => columns.length > 0);
  return {
    nodes: nodes.map((node) => ({
      ...node,
      kind: ChangeKind[node.kind],
      columns: node.columns.map(({ column }, i) =>
        node === first && i === 0
          ? // a field that is an error is null, and the error is beside the answer
            { column, before: why, after: why, added: why, removed: why }
          : { column },
      ),
    })),
    totalCount,
    pageInfo,
  };
}

function changeOf({ kind, ...rest }: ServiceChange): RowChange {
  return { ...rest, kind: ChangeKind[kind] };
}
