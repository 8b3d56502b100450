/** Which page of changes is asked for. */
import { z } from 'zod';
import { optional, orElse } from '../command/input-field.js';

const CHANGES_DEFAULT = 100;

export const changePageInput = z.object({
  first: orElse(z.number(), CHANGES_DEFAULT).meta({ description: 'How many changes a page has, 1 to 1,000' }),
  after: optional(z.string()).meta({ description: '`endCursor` of the page before' }),
  kind: optional(z.enum(['INSERT', 'UPDATE', 'DELETE', 'SKIP'])).meta({
    description: 'Only changes of this kind. A comparison has none of the kind `SKIP`',
  }),
  table: optional(z.string()).meta({ description: 'Only changes in this table, such as Logical_Switch' }),
});
