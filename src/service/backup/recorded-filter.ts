/** A resource filter and what it pulled in, as they are kept in manifests and in the records of restores. */
import { z } from 'zod';
import { recordOf } from '../../lib/record-of.js';
import { INCLUDE_FLAGS, PICKED_TABLES } from '../../model/northbound/filter.js';

export { INCLUDE_FLAGS };

/** Of a filter that is asked for, or comes in a file. */
export const PICKED_NAME_CHARACTERS_MAX = 200;
export const PICKED_NAMES_MAX = 10_000;

const names = z.array(z.string()).readonly().optional();

/** What a filter consists of: every other declaration of one is made from these two. */
export const FILTER_LISTS = Object.keys(PICKED_TABLES) as readonly (keyof typeof PICKED_TABLES)[];
export const FILTER_FLAGS = Object.keys(INCLUDE_FLAGS) as readonly (keyof typeof INCLUDE_FLAGS)[];

export const resourceFilterSchema = z
  .object({ ...recordOf(FILTER_LISTS, () => names), ...recordOf(FILTER_FLAGS, () => z.boolean()) })
  .readonly();

export type ResourceFilter = z.infer<typeof resourceFilterSchema>;

/** A row that nobody named and that comes along, and why. */
export const pulledInSchema = z
  .object({ table: z.string(), uuid: z.string(), label: z.string(), reason: z.string() })
  .readonly();

/** What is listed of the rows pulled in; more are counted only. */
export const PULLED_IN_LISTED_MAX = 500;

/** Whether a filter that came in a file is one that could have been asked for. */
export function isWithinLimits(filter: ResourceFilter): boolean {
  return FILTER_LISTS.every((list) => {
    const picked = filter[list] ?? [];
    return picked.length <= PICKED_NAMES_MAX && picked.every((name) => name.length <= PICKED_NAME_CHARACTERS_MAX);
  });
}
