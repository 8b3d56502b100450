/**
 * What GraphQL's types do not say of inputs: lengths, and what goes with what; here what several features share.
 * Messages name the field and never hold its value.
 */
import { z } from 'zod';
import { recordOf } from '../../../lib/record-of.js';
import { FILTER_FLAGS, FILTER_LISTS, type ResourceFilter } from '../../../service/backup/recorded-filter.js';
import * as field from '../../http/request-field.js';
import { checked } from '../../http/request-field.js';
import type { ResourceFilterInput } from './filter.type.js';

/** An argument that is left out or null is undefined. */
export const given = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined);
export const key = given(field.key);

const picked = given(field.picked);
const flag = given(z.boolean()).transform((value) => value ?? true);
export const filter = given(
  z
    .object({ ...recordOf(FILTER_LISTS, () => picked), ...recordOf(FILTER_FLAGS, () => flag) })
    .transform((value) => value as ResourceFilter),
);

/** A part of a configuration. */
export function checkFilter(input: ResourceFilterInput | null | undefined): ResourceFilter | undefined {
  return checked(z.object({ filter }), { filter: input }).filter;
}

/** A key that stands by itself. */
export function checkKey(field: string, value: string | null | undefined): string | undefined {
  return checked(z.object({ [field]: key }), { [field]: value })[field];
}
