/** What REST answers with of rows that are looked at. */
import { z } from 'zod';
import type { ConfigurationRow, RowPage } from '../../../service/rows/looked-into.js';
import { exactJson } from '../../http/exact-json.js';
import { count } from '../common/answer-shape.js';

const LABEL = 'Name of the row, as people call it: its own name, or what it belongs to and its key';

const rowMembers = {
  table: z.string().describe('Name of the table, such as Logical_Switch'),
  uuid: z.string().describe('UUID of the row'),
  label: z.string().describe(LABEL),
  columns: z
    .record(z.string(), z.unknown())
    .describe('Its columns: a set is an array, a map an object. A column at the default of its type is left out'),
};

export const rowListShape = z
  .object({
    rows: z.array(z.object(rowMembers)).describe('The rows'),
    total: count.describe('How many there are, whatever the limit'),
  })
  .meta({ id: 'RowList', description: 'Rows of a configuration' });

const referenceShape = z.object({
  column: z.string().describe('Name of the column that holds the reference'),
  table: z.string().describe('Name of the table'),
  uuid: z.string().describe('UUID of the row'),
  label: z.string().describe(LABEL),
});

export const rowShape = z
  .object({
    ...rowMembers,
    referred_to_by: z
      .array(referenceShape)
      .describe('The rows that refer to it, by strong and weak references: table by table, the first 1,000'),
    refers_to: z
      .array(referenceShape)
      .describe(
        'The rows that it refers to, by strong and weak references: column by column, the first 1,000. A selective ' +
          'backup may not have all of them',
      ),
  })
  .meta({ id: 'ConfigurationRow', description: 'A row of a configuration' });

export function rowsOf({ nodes, totalCount }: RowPage): z.output<typeof rowListShape> {
  return { rows: nodes.map(membersOf), total: totalCount };
}

export async function rowOf(row: ConfigurationRow, signal: AbortSignal): Promise<z.output<typeof rowShape>> {
  const copied = (references: ReturnType<ConfigurationRow['refersTo']>) => references.map((each) => ({ ...each }));
  return {
    ...membersOf(row),
    referred_to_by: copied(await row.referredToBy(signal)),
    refers_to: copied(row.refersTo()),
  };
}

function membersOf({ table, uuid, label, columns }: ConfigurationRow): z.output<typeof rowListShape>['rows'][number] {
  return { table, uuid, label, columns: exactJson(columns) as Record<string, unknown> };
}
