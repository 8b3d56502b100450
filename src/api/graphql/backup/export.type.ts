/** What the contract says of prepared exports. */
import { Field, ObjectType } from 'type-graphql';
import { DateTime } from '../common/scalars.js';

@ObjectType({
  description:
    'An address to download a backup from, once and within 60 seconds. It needs no token: anybody who has it ' +
    'may download',
})
export class ExportAddress {
  @Field(() => String, { description: 'A path on this server' })
  url!: string;

  @Field(() => DateTime, { description: 'When the address stops working' })
  expiresAt!: Date;
}
