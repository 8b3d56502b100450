/** Picking a part of a configuration, as REST tells it. */
import { z } from 'zod';
import { FILTER_FLAGS, FILTER_LISTS, type ResourceFilter } from '../../../service/backup/recorded-filter.js';
import { snakeRecordOf } from './snake-case.js';

const names = z.array(z.string()).nullable();

export const filterShape = z
  .object({ ...snakeRecordOf(FILTER_LISTS, () => names), ...snakeRecordOf(FILTER_FLAGS, () => z.boolean()) })
  .meta({ id: 'AnsweredFilter' });

export function filterOf(filter: ResourceFilter): z.output<typeof filterShape> {
  return {
    ...snakeRecordOf(FILTER_LISTS, (name) => filter[name]?.slice() ?? null),
    ...snakeRecordOf(FILTER_FLAGS, (name) => filter[name]),
  };
}
