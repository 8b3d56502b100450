/**
 * What the requests of REST have in common beside the forms of commands (rest-form.ts): shapes of parameters, which
 * come as text.
 */
import { z } from 'zod';

/** One of these words, in upper or lower case. */
export const oneOf = <const T extends string>(words: readonly T[]) =>
  z.preprocess((given) => (typeof given === 'string' ? given.toLowerCase() : given), z.enum(words));

export const upper = <T extends string>(value: T): Uppercase<T> => value.toUpperCase() as Uppercase<T>;

/** A call that takes no members. */
export const nothing = z.strictObject({});

export const noQuery = z.strictObject({});

/** For what takes long. */
export const waitParameter = oneOf(['true', 'false'])
  .optional()
  .meta({ description: 'false: answer at once, with 202, and do not wait for the end', default: 'true' });
export const waitQuery = z.strictObject({ wait: waitParameter }).transform(({ wait }) => ({ wait: wait !== 'false' }));

export const number = (least: number, most: number) => {
  const fault = `takes a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, fault)
    .transform(Number)
    .refine((value) => value >= least && value <= most, fault)
    .meta({ type: 'integer', minimum: least, maximum: most });
};
export const instant = z.iso
  .datetime({ offset: true, error: 'takes an instant like 2026-01-15T10:30:00Z' })
  .transform((value) => new Date(value));
/** A parameter that may be there several times. */
export const several = <T extends z.ZodType<string, string>>(type: T) =>
  z.union([type.transform((value) => [value]), z.array(type).max(50, 'is there more than 50 times')]);

export const limit = number(1, 100_000)
  .optional()
  .meta({ description: 'How many are listed at most. Left out: all', type: 'integer', minimum: 1, maximum: 100_000 });
export const offset = number(0, 100_000_000)
  .optional()
  .meta({ description: 'How many are left out at the beginning', type: 'integer', minimum: 0 });
