/** Relay's page information, and small types that several features share. */
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { BigIntScalar } from './scalars.js';

@ObjectType()
export class PageInfo {
  @Field(() => Boolean)
  hasNextPage!: boolean;

  @Field(() => Boolean)
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true })
  startCursor?: string | undefined;

  @Field(() => String, { nullable: true })
  endCursor?: string | undefined;
}

@ObjectType()
export class TableCount {
  @Field(() => String)
  table!: string;

  @Field(() => BigIntScalar)
  rows!: number;
}

/** Table -> rows, as a list in the order of names. */
export function tableCounts(tables: Readonly<Record<string, number>>): readonly TableCount[] {
  return Object.entries(tables)
    .map(([table, rows]) => ({ table, rows }))
    .sort((a, b) => (a.table < b.table ? -1 : 1));
}

@ObjectType()
export class OperationError {
  @Field(() => String)
  code!: string;

  @Field(() => String)
  message!: string;

  @Field(() => String, { nullable: true })
  table?: string | undefined;

  @Field(() => String, { nullable: true })
  label?: string | undefined;
}

@InputType({ description: 'Exactly one of backupId and database' })
export class ConfigurationRefInput {
  @Field(() => ID, { nullable: true })
  backupId?: string | null;

  @Field(() => String, { nullable: true })
  decryptionKey?: string | null;

  @Field(() => ID, { nullable: true })
  database?: string | null;
}

@ObjectType()
export class Viewer {
  @Field(() => String)
  subject!: string;

  @Field(() => [String])
  permissions!: readonly string[];
}

@ObjectType()
export class Database {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: 'Such as OVN_Northbound' })
  schemaName?: string | undefined;

  @Field(() => String, { nullable: true })
  schemaVersion?: string | undefined;

  @Field(() => Boolean)
  connected!: boolean;

  @Field(() => Boolean, { nullable: true })
  clustered?: boolean | undefined;

  @Field(() => Boolean, { nullable: true })
  leader?: boolean | undefined;

  @Field(() => String, { nullable: true, description: 'Why it cannot be reached' })
  error?: string | undefined;
}
