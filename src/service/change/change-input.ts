/** Which page of changes is asked for. */
import { z } from 'zod';
import { optional, orElse } from '../command/input-field.js';

const CHANGES_DEFAULT = 100;

export const changePageInput = z.object({
  first: orElse(z.number(), CHANGES_DEFAULT).meta({ description: 'Changes of the page, 1 to 1,000' }),
  after: optional(z.string()).meta({ description: 'The end of an earlier page' }),
  kind: optional(z.enum(['INSERT', 'UPDATE', 'DELETE', 'SKIP'])),
  table: optional(z.string()),
});
