/** Picking a part of a configuration, as REST takes it and as it tells it. */
import { z } from 'zod';
import { recordOf } from '../../../lib/record-of.js';
import {
  FILTER_FLAGS,
  FILTER_LISTS,
  INCLUDE_FLAGS,
  type ResourceFilter,
} from '../../../service/backup/recorded-filter.js';
import * as field from '../../http/request-field.js';
import { flag, optional } from './request-shape.js';
import { snakeCase, snakeRecordOf } from './snake-case.js';

const picks = optional(field.picked).meta({ description: field.PICKED_ABOUT });

export const resourceFilter = z
  .strictObject({
    ...snakeRecordOf(FILTER_LISTS, () => picks),
    ...snakeRecordOf(FILTER_FLAGS, (name) => flag(true, `False leaves out ${INCLUDE_FLAGS[name]}`)),
  })
  .transform(
    (given): ResourceFilter => ({
      ...recordOf(FILTER_LISTS, (name) => given[snakeCase(name)]),
      ...recordOf(FILTER_FLAGS, (name) => given[snakeCase(name)]),
    }),
  )
  .meta({ id: 'ResourceFilter', description: field.FILTER_ABOUT });

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
