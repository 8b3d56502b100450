/** What the answers of REST have in common: shapes in snake_case, values in lower case. */
import { z } from 'zod';

export const instant = z
  .string()
  .meta({ format: 'date-time', description: 'An instant in UTC, such as 2026-01-15T10:30:00.000Z' });
export const count = z.number().int().nonnegative();
export const lower = <T extends string>(value: T): Lowercase<T> => value.toLowerCase() as Lowercase<T>;

export const messageShape = z
  .object({ message: z.string().describe('What was done') })
  .meta({ id: 'Message', description: 'What was done' });
