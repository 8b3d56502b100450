/** What the contract says of comparing configurations. */
import { Field, Int, ObjectType } from 'type-graphql';
import type { Comparison } from '../../../service/compare/compare-service.js';

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
