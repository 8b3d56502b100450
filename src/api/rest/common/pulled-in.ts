/** Rows that nobody named and that a filter takes along, as REST tells of them. */
import { z } from 'zod';
import { count } from './answer-shape.js';

const pulledInShape = z.object({ table: z.string(), uuid: z.string(), label: z.string(), reason: z.string() });

/** Members of an answer. */
export const pulledInMembers = {
  pulled_in: z
    .array(pulledInShape)
    .optional()
    .meta({ description: 'With a filter: rows that nobody named and that come along, the first 500. Not in lists' }),
  pulled_in_count: count.meta({ description: 'How many rows came along' }),
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
