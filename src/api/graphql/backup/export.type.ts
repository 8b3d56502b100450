/** What the contract says of prepared exports. */
import { Field, ObjectType } from 'type-graphql';
import { DateTime } from '../common/scalars.js';

@ObjectType({
  description:
    'An address for one download within a minute or so, for whoever asked for it: a browser need not put a token ' +
    'into a URL',
})
export class ExportAddress {
  @Field(() => String, { description: 'A path on this server' })
  url!: string;

  @Field(() => DateTime)
  expiresAt!: Date;
}
