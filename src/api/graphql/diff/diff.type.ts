/** What the contract says of comparing configurations. */
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { diff } from '../../../service/compare/compare-command.js';
import type { Comparison } from '../../../service/compare/compare-service.js';
import { about } from '../common/about.js';

/** `to` has the same members. */
const side = diff.input.shape.from;

@InputType({
  description: 'A configuration: a backup, or a database as it is now. Exactly one of backupId and database',
})
export class ConfigurationRefInput {
  @Field(() => ID, { nullable: true, ...about(side, 'backupId') })
  backupId?: string | null;

  @Field(() => String, { nullable: true, ...about(side, 'decryptionKey') })
  decryptionKey?: string | null;

  @Field(() => ID, { nullable: true, ...about(side, 'database') })
  database?: string | null;
}

@ObjectType({ description: 'What would make one configuration equal to the other' })
export class ConfigurationDiff {
  readonly comparison!: Comparison;

  @Field(() => Boolean, {
    description: 'True if nothing differs. Runtime state, which is written all the time, is not compared',
  })
  identical!: boolean;

  @Field(() => Int, { description: 'Rows that are only in to' })
  inserted!: number;

  @Field(() => Int, { description: 'Rows that are in both, and differ' })
  updated!: number;

  @Field(() => Int, { description: 'Rows that are only in from' })
  deleted!: number;
}
