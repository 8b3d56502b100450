/** Which page of changes is asked for. */
import { z } from 'zod';
import { optional, orElse } from '../command/input-field.js';

const CHANGES_DEFAULT = 100;
const KINDS = ['INSERT', 'UPDATE', 'DELETE', 'SKIP'] as const;

export const changePageInput = z.object({
  first: orElse(z.number(), CHANGES_DEFAULT).meta({ description: 'How many changes a page has, 1 to 1,000' }),
  after: optional(z.string()).meta({ description: '`endCursor` of the page before' }),
  kind: optional(z.enum(KINDS)).meta({
    description: 'Only changes of this kind. A comparison has none of the kind `SKIP`',
  }),
  kinds: optional(z.array(z.enum(KINDS)).min(1, 'may not be empty').max(KINDS.length, 'names a kind twice')).meta({
    description:
      'Only changes of these kinds, such as `INSERT`, `UPDATE` and `DELETE` without what stays as it is. Beside ' +
      '`kind`, both count',
  }),
  table: optional(z.string()).meta({ description: 'Only changes in this table, such as Logical_Switch' }),
});
