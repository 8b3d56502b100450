/** What went wrong in work that was accepted. */
import { Field, ObjectType } from 'type-graphql';

@ObjectType({ description: 'What went wrong, for a program and for a person' })
export class OperationError {
  @Field(() => String, { description: 'Error code, such as CONFLICT' })
  code!: string;

  @Field(() => String, { description: 'What is wrong, and what to do' })
  message!: string;

  @Field(() => String, { nullable: true, description: 'Table of the row, if it is about a row' })
  table?: string | undefined;

  @Field(() => String, { nullable: true, description: 'Name of the row, as people call it' })
  label?: string | undefined;
}
