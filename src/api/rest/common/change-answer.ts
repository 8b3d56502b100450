/** Changes of rows, as REST tells them. */
import { z } from 'zod';
import { defined } from '../../../lib/defined.js';
import type { ChangePage, RowChange } from '../../../service/change/change-page.js';
import { exactJson } from '../../http/exact-json.js';
import { lower } from './answer-shape.js';

const columnShape = z.object({
  column: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  added: z.unknown().optional(),
  removed: z.unknown().optional(),
});
export const changeShape = z.object({
  kind: z.enum(['insert', 'update', 'delete', 'skip']),
  table: z.string(),
  uuid: z.string(),
  label: z.string(),
  columns: z.array(columnShape),
  reason: z.string().optional(),
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
