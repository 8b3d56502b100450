/** What the contract says of picking a part of a configuration. */
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { FILTER_ABOUT, PICKED_ABOUT } from '../../../service/backup/filter-input.js';
import { FILTER_FLAGS, FILTER_LISTS, INCLUDE_FLAGS } from '../../../service/backup/recorded-filter.js';

/** The fields of both types are those of recorded-filter.ts. */
@ObjectType({ description: `${FILTER_ABOUT}. The include flags are true unless set to false.` })
export class ResourceFilter {}

@InputType()
export class ResourceFilterInput {}

for (const list of FILTER_LISTS) {
  Field(() => [String], { nullable: true })(ResourceFilter.prototype, list);
  Field(() => [String], { nullable: true, description: PICKED_ABOUT })(ResourceFilterInput.prototype, list);
}
for (const flag of FILTER_FLAGS) {
  // the others' names say all
  const described = flag === 'includeAcls' ? { description: INCLUDE_FLAGS[flag] } : {};
  Field(() => Boolean)(ResourceFilter.prototype, flag);
  Field(() => Boolean, { nullable: true, defaultValue: true, ...described })(ResourceFilterInput.prototype, flag);
}

@ObjectType({ description: 'A row that nobody named, and that comes along' })
export class PulledIn {
  @Field(() => String)
  table!: string;

  @Field(() => ID)
  uuid!: string;

  @Field(() => String, { description: 'What a person calls the row' })
  label!: string;

  @Field(() => String, { description: 'What needs it' })
  reason!: string;
}
