/** Pages of long lists in REST, with cursors as GraphQL has them. */
import { z } from 'zod';

export const pageInfoShape = z
  .object({
    has_next_page: z.boolean(),
    has_previous_page: z.boolean(),
    start_cursor: z.string().nullable(),
    end_cursor: z.string().nullable().meta({ description: 'What `after` takes for the next page' }),
  })
  .meta({ id: 'PageInfo' });

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
