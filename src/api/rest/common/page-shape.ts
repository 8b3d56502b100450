/** Pages of long lists in REST, with cursors as GraphQL has them. */
import { z } from 'zod';

export const pageInfoShape = z
  .object({
    has_next_page: z.boolean().describe('True if more follows'),
    has_previous_page: z.boolean().describe('True if something comes before'),
    start_cursor: z.string().nullable().describe('Cursor of the first item; null if the page is empty'),
    end_cursor: z.string().nullable().describe('Cursor of the last item. Give it as `after` to get the next page'),
  })
  .meta({ id: 'PageInfo', description: 'Where a page is in its list' });

export interface PageEnds {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor?: string | undefined;
  readonly endCursor?: string | undefined;
}

export function pageInfoOf({
  hasNextPage,
  hasPreviousPage,
  startCursor,
  endCursor,
}: PageEnds): z.output<typeof pageInfoShape> {
  return {
    has_next_page: hasNextPage,
    has_previous_page: hasPreviousPage,
    start_cursor: startCursor ?? null,
    end_cursor: endCursor ?? null,
  };
}
