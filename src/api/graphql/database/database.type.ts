/** What the contract says of the configured databases, and of who is asking. */
import { Field, ID, ObjectType } from 'type-graphql';

@ObjectType({ description: 'Who is asking: the token that this request was sent with' })
export class Viewer {
  @Field(() => String, { description: 'Name of the token, or sub of the JWT' })
  subject!: string;

  @Field(() => [String], { description: 'What it may do, such as backups:read' })
  permissions!: readonly string[];

  @Field(() => [ID], { nullable: true, description: 'Ids of the databases that it is limited to; null: all' })
  databases?: readonly string[] | undefined;
}

@ObjectType({ description: 'A database that this server backs up' })
export class Database {
  @Field(() => ID, { description: 'Id of the database, such as northbound' })
  id!: string;

  @Field(() => String, { description: 'What people call it' })
  label!: string;

  @Field(() => Boolean, { description: 'True for the one that is meant where no database is named' })
  default!: boolean;

  @Field(() => [String], { description: 'Where it listens, as configured, such as ssl:10.0.0.1:6641' })
  remotes!: readonly string[];

  @Field(() => String, { nullable: true, description: 'Name of its schema, such as OVN_Northbound' })
  schemaName?: string | undefined;

  @Field(() => String, { nullable: true, description: 'Version of its schema; null while it cannot be reached' })
  schemaVersion?: string | undefined;

  @Field(() => Boolean, { description: 'True if it can be reached' })
  connected!: boolean;

  @Field(() => Boolean, { nullable: true, description: 'True if it is a cluster; null while it cannot be reached' })
  clustered?: boolean | undefined;

  @Field(() => Boolean, {
    nullable: true,
    description: 'True if the server in use leads its cluster; also true without a cluster',
  })
  leader?: boolean | undefined;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'True if the only server that can be reached takes no writes, as a standby does. Backups are made then; ' +
      'restores are refused',
  })
  readOnly?: boolean | undefined;

  @Field(() => String, { nullable: true, description: 'Why it cannot be reached; null while it can' })
  error?: string | undefined;
}
