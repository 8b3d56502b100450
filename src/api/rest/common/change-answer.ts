/** Changes of rows, as REST tells them. */
import { z } from 'zod';
import { defined } from '../../../lib/defined.js';
import type { ChangePage, RowChange } from '../../../service/change/change-page.js';
import { exactJson } from '../../http/exact-json.js';
import { lower } from './answer-shape.js';

const columnShape = z.object({
  column: z.string().describe('Name of the column'),
  before: z.unknown().optional().describe('Value before the change'),
  after: z.unknown().optional().describe('Value after the change'),
  added: z.unknown().optional().describe('The members that are added to a set or map'),
  removed: z
    .unknown()
    .optional()
    .describe(
      'The members that are removed from a set or map. A map entry with another value is both removed and added',
    ),
});
export const changeShape = z.object({
  kind: z.enum(['insert', 'update', 'delete', 'skip']).describe('What happens to the row. skip: it is left as it is'),
  table: z.string().describe('Name of the table, such as Logical_Switch'),
  uuid: z.string().describe('UUID of the row'),
  label: z.string().describe('Name of the row, as people call it: its own name, or what it belongs to and its key'),
  columns: z
    .array(columnShape)
    .describe(
      'insert: every column that is set. update: the columns that differ. delete: every column of the row. skip: none',
    ),
  reason: z.string().optional().describe('Of a skip: why the row is left as it is'),
});

export function changesOf({ nodes, totalCount }: ChangePage): {
  changes: z.output<typeof changeShape>[];
  changes_total: number;
} {
  return { changes_total: totalCount, changes: nodes.map(changeOf) };
}

/** The same page without what is in the rows. */
export function withoutValues({ nodes, ...page }: ChangePage): ChangePage {
  return {
    ...page,
    nodes: nodes.map((node) => ({ ...node, columns: node.columns.map(({ column }) => ({ column })) })),
  };
}

function changeOf({ kind, table, uuid, label, columns, reason }: RowChange): z.output<typeof changeShape> {
  return {
    kind: lower(kind),
    table,
    uuid,
    label,
    columns: columns.map((column) => exactJson(column) as z.output<typeof columnShape>),
    ...defined({ reason }),
  };
}
