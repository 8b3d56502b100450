/** What the contract says of the configured databases, and of who is asking. */
import { Field, ID, ObjectType } from 'type-graphql';

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

  @Field(() => Boolean, {
    nullable: true,
    description:
      'The only server that can be reached takes no writes, as a standby does: it can be backed up, and not restored',
  })
  readOnly?: boolean | undefined;

  @Field(() => String, { nullable: true, description: 'Why it cannot be reached' })
  error?: string | undefined;
}
