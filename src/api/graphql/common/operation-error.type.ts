/** What went wrong in work that was accepted. */
import { Field, ObjectType } from 'type-graphql';

@ObjectType()
export class OperationError {
  @Field(() => String)
  code!: string;

  @Field(() => String)
  message!: string;

  @Field(() => String, { nullable: true })
  table?: string | undefined;

  @Field(() => String, { nullable: true })
  label?: string | undefined;
}
