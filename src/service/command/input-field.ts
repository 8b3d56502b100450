/** The members that inputs of commands are made of: their limits, and what is checked of each by itself. */
import { z } from 'zod';

/** What a backup may be called, described and tagged with, wherever the words come from. */
export const NAME_CHARACTERS_MAX = 200;
export const DESCRIPTION_CHARACTERS_MAX = 2_000;
export const TAG_CHARACTERS_MAX = 100;
export const TAGS_MAX = 50;

export const text = (max: number) =>
  z
    .string()
    .max(max, `takes at most ${max} characters`)
    .refine((value) => !value.includes('\u0000'), 'may not hold NUL');
export const name = text(NAME_CHARACTERS_MAX).refine((value) => value.trim() !== '', 'may not be empty');
export const description = text(DESCRIPTION_CHARACTERS_MAX);
export const tag = text(TAG_CHARACTERS_MAX).refine((value) => value.trim() !== '', 'a tag may not be empty');
export const tags = z
  .array(tag)
  .max(TAGS_MAX, `takes at most ${TAGS_MAX} tags`)
  .transform((list) => [...new Set(list)]);
/** A passphrase. */
export const key = text(1_024).min(1, 'may not be empty');
/** What a command finds by it. */
export const id = z.string().min(1, 'is empty; put an id there, from an earlier answer or a list');
export const secondsUpToADay = z
  .int({
    error: ({ input }) =>
      typeof input === 'string' ? 'takes a number without quotes, 1 to 86,400 seconds' : 'takes 1 to 86,400 seconds',
  })
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

/** Text that `text` takes: without NUL, and not longer. A character of two halves stays whole or goes. */
export function cutText(text: string, charactersMax: number): string {
  return text
    .replaceAll('\u0000', '')
    .slice(0, charactersMax)
    .replace(/[\ud800-\udbff]$/, '');
}
