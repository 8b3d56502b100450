/** The members that inputs of commands are made of: their limits, and what is checked of each by itself. */
import { z } from 'zod';

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
/** What a command finds by it. */
export const id = z.string();
export const secondsUpToADay = z
  .int('takes 1 to 86,400 seconds')
  .min(1, 'takes 1 to 86,400 seconds')
  .max(86_400, 'takes 1 to 86,400 seconds');

/** Left out or null it is undefined. */
export const optional = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined);
/** Left out or null it is `value`. */
export const orElse = <T extends z.ZodType>(type: T, value: z.output<T>) =>
  type
    .nullish()
    .transform((given): z.output<T> => given ?? value)
    .meta({ default: value });
