/** What there is to say of the plan of a backup, beside what planning says itself. Each is a sentence. */

import { labelOf } from '../../../engine/describe/label.js';
import { exclusiveColumns } from '../../../engine/plan/double-hold.js';
import { type ConflictPolicy, OUTCOME, type Plan, updateOf } from '../../../engine/plan/table-plan.js';
import type { PulledIn } from '../../../engine/scope/scope.js';
import { NamedRows } from '../../../engine/untouched/named-rows.js';
import type { Breath } from '../../../lib/breath.js';
import { plural } from '../../../lib/text/plural.js';
import { SWITCH_PORT } from '../../../model/northbound/tables.js';
import { referencesIn } from '../../../model/reference/reference.js';

/** SKIP says what it skipped, besides rows that are equal. */
export function skippedNotes(plan: Plan, policy: ConflictPolicy): readonly string[] {
  if (policy !== 'SKIP') return [];
  let differing = 0;
  for (const { outcomes } of plan.tables) for (const outcome of outcomes) if (outcome === OUTCOME.EXISTS) differing++;
  if (differing === 0) return [];
  return [
    plural(
      differing,
      '# {row differs|rows differ} from the backup and {is|are} left as the database has {it|them}, as the conflict ' +
        'policy is to skip: ',
    ) + plan.differing.named(differing),
  ];
}

/**
 * Rows that a filter takes along though nobody named them, and that are changed back: others may use them too. Those
 * that only get references back are not told.
 */
export function pulledInNotes(plan: Plan, pulledIn: readonly PulledIn[]): readonly string[] {
  const tables = new Map(plan.tables.map((each) => [each.table.name, each]));
  const rows = new NamedRows();
  for (const { table, uuid, label } of pulledIn) {
    const planned = tables.get(table);
    const index = planned?.backup.find(uuid);
    if (planned === undefined || index === undefined || planned.outcomes[index] !== OUTCOME.UPDATE) continue;
    const columns = updateOf(planned, plan.identity, index)?.columns ?? [];
    if (columns.length > 0) rows.add(() => `${label} (${columns.map(({ column }) => column.name).join(', ')})`);
  }
  if (rows.count === 0) return [];
  return [
    plural(rows.count, '# row{|s} that nobody named {is|are} changed back too, and others may use {it|them}: ') +
      rows.named(),
  ];
}

/** Switches and routers with ports, and ports that are up, which the backup does not have, and which are deleted. */
export async function deletionNotes(plan: Plan, breath: Breath): Promise<readonly string[]> {
  const holders = new NamedRows();
  /** UUIDs of the ports in these. */
  const told = new Set<string>();
  for (const { table, live, deletes } of plan.tables) {
    const columns = exclusiveColumns(plan.live.schema, table);
    for (const index of columns.length === 0 ? [] : deletes) {
      if (breath.due()) await breath.rest();
      const row = live.row(index);
      const ports = columns.flatMap((column) => referencesIn(column, row[column.column.name]));
      if (ports.length === 0) continue;
      const up = ports.filter(({ table: name, uuid }) => isUp(plan, name, uuid)).length;
      for (const { uuid } of ports) told.add(uuid);
      const count = plural(ports.length, '# {port|ports}');
      holders.add(() => `${labelOf(table, row, live.uuid(index))} (${count}${up === 0 ? '' : `, ${up} up`})`);
    }
  }
  const ports = new NamedRows();
  const switchPorts = plan.tables.find(({ table }) => table.name === SWITCH_PORT);
  for (const index of switchPorts?.deletes ?? []) {
    if (breath.due()) await breath.rest();
    const { table, live } = switchPorts as NonNullable<typeof switchPorts>;
    const uuid = live.uuid(index);
    if (told.has(uuid) || !isUp(plan, SWITCH_PORT, uuid)) continue;
    ports.add(() => labelOf(table, live.row(index), uuid));
  }
  return [
    ...deleted(holders, '{row that holds|rows that hold} ports'),
    ...deleted(ports, '{port that is|ports that are} up'),
  ];
}

/** @param what the rows are: see plural */
function deleted(rows: NamedRows, what: string): readonly string[] {
  if (rows.count === 0) return [];
  const told = plural(rows.count, `# ${what} {is|are} deleted, as the backup does not have {it|them}: `);
  return [told + rows.named()];
}

/** Live rows that RENAME does not leave quite as they are: what comes back under its own name comes back into them. */
export function renameNotes({ tables }: Plan): readonly string[] {
  const rows = new NamedRows();
  for (const { table, live, updates } of tables)
    for (const index of updates.keys()) rows.add(() => labelOf(table, live.row(index), live.uuid(index)));
  if (rows.count === 0) return [];
  return [
    plural(
      rows.count,
      '# live {row gets|rows get} references to what comes back under its own name, and {is|are} left alone ' +
        'otherwise: ',
    ) + rows.named(),
  ];
}

function isUp({ live }: Plan, table: string, uuid: string): boolean {
  const rows = live.tables.get(table);
  const index = rows?.find(uuid);
  return index !== undefined && rows?.row(index)['up'] === true;
}
