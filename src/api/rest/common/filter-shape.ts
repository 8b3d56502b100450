/** Picking a part of a configuration, as REST tells it. */
import { z } from 'zod';
import {
  FILTER_FLAGS,
  FILTER_LISTS,
  INCLUDE_FLAGS,
  type ResourceFilter,
} from '../../../service/backup/recorded-filter.js';
import { snakeRecordOf } from './snake-case.js';

const names = z.array(z.string()).nullable().describe('Names or UUIDs; null if none were given');

export const filterShape = z
  .object({
    ...snakeRecordOf(FILTER_LISTS, () => names),
    ...snakeRecordOf(FILTER_FLAGS, (flag) => z.boolean().describe(`false: without ${INCLUDE_FLAGS[flag]}`)),
  })
  .meta({ id: 'AnsweredFilter', description: 'The part that was asked for' });

export function filterOf(filter: ResourceFilter): z.output<typeof filterShape> {
  return {
    ...snakeRecordOf(FILTER_LISTS, (name) => filter[name]?.slice() ?? null),
    ...snakeRecordOf(FILTER_FLAGS, (name) => filter[name]),
  };
}
