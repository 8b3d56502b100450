/** Rows that nobody named and that a filter takes along, as REST tells of them. */
import { z } from 'zod';
import { count } from './answer-shape.js';

const pulledInShape = z.object({
  table: z.string().describe('Name of the table, such as Logical_Switch'),
  uuid: z.string().describe('UUID of the row in the backup'),
  label: z.string().describe('Name of the row, as people call it'),
  reason: z.string().describe('What needs the row'),
});

/** Members of an answer. */
export const pulledInMembers = {
  pulled_in: z
    .array(pulledInShape)
    .optional()
    .describe(
      'With a filter: rows that nobody named, and that come along because others need them. The first 500; not ' +
        'in lists',
    ),
  pulled_in_count: count.describe('How many rows come along in all'),
};

export interface PulledIn {
  readonly pulledIn?: readonly z.output<typeof pulledInShape>[] | undefined;
  readonly pulledInCount?: number | undefined;
}

type PulledInAnswer = z.output<z.ZodObject<typeof pulledInMembers>>;

export function pulledInOf({ pulledIn = [], pulledInCount = 0 }: PulledIn): PulledInAnswer {
  return {
    pulled_in: pulledIn.map(({ table, uuid, label, reason }) => ({ table, uuid, label, reason })),
    pulled_in_count: pulledInCount,
  };
}

/** Of one of a list, where each may have hundreds: only how many there are. */
export function withoutPulledIn<T extends PulledInAnswer>({ pulled_in: _, ...rest }: T): Omit<T, 'pulled_in'> {
  return rest;
}
