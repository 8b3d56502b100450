/** What the contract says of changes of rows, of a restore and of a comparison. */
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { ChangePage, RowChange as ServiceChange } from '../../../service/change/change-page.js';
import { PageInfo } from './page.type.js';
import { JsonScalar } from './scalars.js';

export enum ChangeKind {
  INSERT = 'INSERT',
  UPDATE = 'UPDATE',
  DELETE = 'DELETE',
  SKIP = 'SKIP',
}
registerEnumType(ChangeKind, { name: 'ChangeKind' });

const VALUES_ABOUT = 'Of a restore: with backups:restore; otherwise null, and one error says so';

@ObjectType()
export class ColumnChange {
  @Field(() => String)
  column!: string;

  @Field(() => JsonScalar, { nullable: true, description: VALUES_ABOUT })
  before?: unknown;

  @Field(() => JsonScalar, { nullable: true, description: VALUES_ABOUT })
  after?: unknown;

  @Field(() => JsonScalar, { nullable: true, description: 'Of a set or map that differs: the members that were added' })
  added?: unknown;

  @Field(() => JsonScalar, {
    nullable: true,
    description:
      'Of a set or map that differs: the members that were removed. A map entry with another value is in both',
  })
  removed?: unknown;
}

@ObjectType()
export class RowChange {
  @Field(() => ChangeKind)
  kind!: ChangeKind;

  @Field(() => String)
  table!: string;

  @Field(() => ID)
  uuid!: string;

  @Field(() => String, {
    description: 'What a person calls the row: its name, or for rows without one its parent and key',
  })
  label!: string;

  @Field(() => [ColumnChange], {
    description:
      'Empty for SKIP; every column set by an INSERT; the columns that differ for an UPDATE; every column of a row ' +
      'to DELETE',
  })
  columns!: readonly ColumnChange[];

  @Field(() => String, { nullable: true, description: 'Why, for SKIP' })
  reason?: string | undefined;
}

@ObjectType()
export class RowChangeConnection {
  @Field(() => [RowChange])
  nodes!: readonly RowChange[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  @Field(() => Int)
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
