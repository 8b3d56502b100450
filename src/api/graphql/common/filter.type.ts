/** What the contract says of picking a part of a configuration. */
import { Field, ID, InputType, ObjectType } from 'type-graphql';

const PICKS = 'Names or UUIDs';

@ObjectType({
  description:
    'Which part of a configuration. A name or a UUID picks a resource, with what it owns and what that needs in ' +
    'order to stand; without any list everything is picked. The include flags are true unless set to false.',
})
export class ResourceFilter {
  @Field(() => [String], { nullable: true })
  switches?: readonly string[] | undefined;

  @Field(() => [String], { nullable: true })
  routers?: readonly string[] | undefined;

  @Field(() => [String], { nullable: true })
  portGroups?: readonly string[] | undefined;

  @Field(() => [String], { nullable: true })
  addressSets?: readonly string[] | undefined;

  @Field(() => [String], { nullable: true })
  loadBalancers?: readonly string[] | undefined;

  @Field(() => Boolean)
  includePorts!: boolean;

  @Field(() => Boolean)
  includeAcls!: boolean;

  @Field(() => Boolean)
  includeLoadBalancers!: boolean;

  @Field(() => Boolean)
  includeNat!: boolean;

  @Field(() => Boolean)
  includeDhcpOptions!: boolean;

  @Field(() => Boolean)
  includeQos!: boolean;
}

@InputType()
export class ResourceFilterInput {
  @Field(() => [String], { nullable: true, description: PICKS })
  switches?: string[] | null;

  @Field(() => [String], { nullable: true, description: PICKS })
  routers?: string[] | null;

  @Field(() => [String], { nullable: true, description: PICKS })
  portGroups?: string[] | null;

  @Field(() => [String], { nullable: true, description: PICKS })
  addressSets?: string[] | null;

  @Field(() => [String], { nullable: true, description: PICKS })
  loadBalancers?: string[] | null;

  @Field(() => Boolean, { nullable: true, defaultValue: true })
  includePorts?: boolean | null;

  @Field(() => Boolean, { nullable: true, defaultValue: true, description: 'ACLs of switches and of port groups' })
  includeAcls?: boolean | null;

  @Field(() => Boolean, { nullable: true, defaultValue: true })
  includeLoadBalancers?: boolean | null;

  @Field(() => Boolean, { nullable: true, defaultValue: true })
  includeNat?: boolean | null;

  @Field(() => Boolean, { nullable: true, defaultValue: true })
  includeDhcpOptions?: boolean | null;

  @Field(() => Boolean, { nullable: true, defaultValue: true })
  includeQos?: boolean | null;
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
