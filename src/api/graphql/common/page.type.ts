/** Relay's page information. */
import { Field, ObjectType } from 'type-graphql';

@ObjectType({ description: 'Where a page is in its list' })
export class PageInfo {
  @Field(() => Boolean, { description: 'True if more follows' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'True if something comes before' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first item; null if the page is empty' })
  startCursor?: string | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of the last item. Give it as after to get the next page',
  })
  endCursor?: string | undefined;
}

/** What is said of the arguments and fields that every list has. */
export const FIRST = { description: 'How many items a page has, 1 to 500' };
export const AFTER = { description: 'endCursor of the page before. Left out: the first page' };
export const PAGE_INFO = { description: 'Where the page is in the list' };
export const TOTAL_COUNT = { description: 'How many there are on all pages together' };
