/** What the contract says of comparing configurations. */
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Comparison } from '../../../service/compare/compare-service.js';

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
export class ConfigurationDiff {
  readonly comparison!: Comparison;

  @Field(() => Boolean)
  identical!: boolean;

  @Field(() => Int)
  inserted!: number;

  @Field(() => Int)
  updated!: number;

  @Field(() => Int)
  deleted!: number;
}
