/** What the contract says of picking a part of a configuration. */
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { FILTER_ABOUT, filterInput } from '../../../service/backup/filter-input.js';
import { FILTER_FLAGS, FILTER_LISTS } from '../../../service/backup/recorded-filter.js';
import { about } from './about.js';

/** The fields of both types are those of recorded-filter.ts. */
@ObjectType({ description: FILTER_ABOUT })
export class ResourceFilter {}

@InputType({ description: FILTER_ABOUT })
export class ResourceFilterInput {}

for (const list of FILTER_LISTS) {
  Field(() => [String], { nullable: true, ...about(filterInput, list) })(ResourceFilter.prototype, list);
  Field(() => [String], { nullable: true, ...about(filterInput, list) })(ResourceFilterInput.prototype, list);
}
for (const flag of FILTER_FLAGS) {
  const options = { nullable: true, defaultValue: true, ...about(filterInput, flag) };
  Field(() => Boolean, about(filterInput, flag))(ResourceFilter.prototype, flag);
  Field(() => Boolean, options)(ResourceFilterInput.prototype, flag);
}

@ObjectType({ description: 'A row that nobody named, and that comes along because others need it' })
export class PulledIn {
  @Field(() => String, { description: 'Name of the table, such as Logical_Switch' })
  table!: string;

  @Field(() => ID, { description: 'UUID of the row in the backup' })
  uuid!: string;

  @Field(() => String, { description: 'Name of the row, as people call it' })
  label!: string;

  @Field(() => String, { description: 'What needs the row' })
  reason!: string;
}
