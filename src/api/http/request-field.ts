/**
 * The fields of requests that GraphQL and REST share: their limits, and what is checked of them. Messages name the
 * field and never hold its value.
 */
import { z } from 'zod';
import { AppError } from '../../lib/error.js';

export const text = (max: number) =>
  z
    .string()
    .max(max, `takes at most ${max} characters`)
    .refine((value) => !value.includes('\u0000'), 'may not hold NUL');
export const name = text(200).refine((value) => value.trim() !== '', 'may not be empty');
export const description = text(2_000);
export const tag = text(100).refine((value) => value.trim() !== '', 'a tag may not be empty');
export const tags = z
  .array(tag)
  .max(50, 'takes at most 50 tags')
  .transform((list) => [...new Set(list)]);
/** A passphrase. */
export const key = text(1_024).min(1, 'may not be empty');
/** What a filter is, as both faces tell it. */
export const FILTER_ABOUT =
  'Which part of a configuration. A name or a UUID picks a resource, with what it owns and what that needs in ' +
  'order to stand; without any list everything is picked';
export const PICKED_ABOUT = 'Names or UUIDs';
/** Names or UUIDs that a filter picks. */
export const picked = z
  .array(text(200).refine((value) => value !== '', 'a name or a UUID may not be empty'))
  .max(10_000, 'takes at most 10,000 names');
export const mapped = text(200).min(1, 'may not be empty');
export const MAPPINGS_MAX = 10_000;
export const confirmWithinSeconds = z
  .int('takes 1 to 86,400 seconds')
  .min(1, 'takes 1 to 86,400 seconds')
  .max(86_400, 'takes 1 to 86,400 seconds');

/** @throws AppError BAD_USER_INPUT that names every field that is wrong, and what is */
export function checked<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new AppError('BAD_USER_INPUT', [...new Set(result.error.issues.map(faultOf))].join('; '));
}

function faultOf(issue: z.core.$ZodIssue): string {
  const place = issue.path.map(String).join('.').slice(0, 200);
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.slice(0, 10).map(
      (unknown) =>
        `"${[place, unknown]
          .filter((part) => part !== '')
          .join('.')
          .slice(0, 200)}"`,
    );
    return `${names.join(', ')}: not known here`;
  }
  return `${place === '' ? 'the request' : place}: ${messageOf(issue)}`;
}

/** zod's own texts quote nothing but what is expected. */
function messageOf({ message }: z.core.$ZodIssue): string {
  return message
    .replace('expected record', 'expected object')
    .replace(/^Invalid input: expected (.*), received undefined$/, 'is needed ($1)')
    .replace(/^Invalid input: expected /, 'takes ')
    .replace(/^Invalid option: expected one of /, 'takes one of ');
}
