/** Ports, and the switches that hold them, as they are once a plan is carried out. */
import type { Breath } from '../../lib/breath.js';
import { parentOf, routerPortAddresses, routerPortOf } from '../../model/northbound/assigned-value.js';
import { holderOf } from '../../model/northbound/holder.js';
import { ROUTER_PORT, SWITCH_PORT } from '../../model/northbound/tables.js';
import { type ReferenceColumn, referenceColumns, referencesIn } from '../../model/reference/reference.js';
import type { Row } from '../../model/row/row.js';
import { OUTCOME, type Plan, rowAfter, type TablePlan, translateRow, valuesAfter } from '../plan/table-plan.js';

/** The ports of one switch. */
export interface SwitchPorts {
  readonly uuids: readonly string[];
  /** What a port of it has for addresses of the router port that it belongs to. */
  readonly routerPorts: (port: Row) => readonly string[];
}

const PARENT = Buffer.from('"parent_name":');

export class PortsAfter {
  private readonly deleted: ReadonlySet<number>;
  /** Name of a router port -> its addresses. */
  private routerPorts: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly ports: TablePlan,
  ) {
    this.deleted = new Set(ports.deletes);
  }

  /** A port, by its UUID in the database; without any column where it is none, or not there then. */
  row(uuid: string): Row {
    const { live, backup } = this.ports;
    const liveIndex = live.find(uuid);
    if (liveIndex !== undefined) return this.liveRow(liveIndex);
    const index = backup.find(uuid);
    return index === undefined ? {} : backup.row(index);
  }

  /** Switches that get any of these ports: new ones, and live ones that take them in. */
  async *switchesWith(isSought: (uuid: string) => boolean, breath: Breath): AsyncGenerator<SwitchPorts> {
    const holder = holderOf(SWITCH_PORT);
    const draft = this.plan.tables.find(({ table }) => table.name === holder?.table);
    const column = draft && referenceColumns(draft.table).find((candidate) => candidate.column.name === holder?.column);
    if (draft === undefined || column === undefined) return;
    for (const row of this.changedRows(draft)) {
      if (breath.due()) await breath.rest();
      const uuids = uuidsIn(column, row);
      if (!uuids.some(isSought)) continue;
      this.routerPorts ??= await this.readRouterPorts(breath);
      const known = this.routerPorts;
      yield { uuids, routerPorts: (port) => known.get(routerPortOf(port) ?? '') ?? [] };
    }
  }

  /** Ports that lie in another one, each with its UUID. */
  async *nested(breath: Breath): AsyncGenerator<readonly [uuid: string, row: Row]> {
    const { live, backup, outcomes } = this.ports;
    for (let i = 0; i < live.count; i++) {
      if (breath.due()) await breath.rest();
      if (this.deleted.has(i) || (!live.text(i).includes(PARENT) && !this.ports.updates.has(i))) continue;
      const row = this.liveRow(i);
      if (parentOf(row) !== undefined) yield [live.uuid(i), row];
    }
    for (let i = 0; i < backup.count; i++) {
      if (breath.due()) await breath.rest();
      if (outcomes[i] === OUTCOME.INSERT && backup.text(i).includes(PARENT)) yield [backup.uuid(i), backup.row(i)];
    }
  }

  private liveRow(index: number): Row {
    const { live, updates } = this.ports;
    const update = updates.get(index);
    return update === undefined ? live.row(index) : rowAfter(live.row(index), update);
  }

  /** Rows that come, and what updates write into others. */
  private *changedRows({ table, backup, outcomes, updates }: TablePlan): Generator<Row> {
    for (let i = 0; i < backup.count; i++)
      if (outcomes[i] === OUTCOME.INSERT)
        yield translateRow(table, backup.row(i), this.plan.identity, this.plan.options);
    for (const update of updates.values()) {
      const values = Object.entries(valuesAfter(update));
      yield Object.fromEntries(values.filter((entry): entry is [string, Row[string]] => entry[1] !== undefined));
    }
  }

  private async readRouterPorts(breath: Breath): Promise<ReadonlyMap<string, readonly string[]>> {
    const found = new Map<string, readonly string[]>();
    const draft = this.plan.tables.find(({ table }) => table.name === ROUTER_PORT);
    if (draft === undefined) return found;
    const { live, backup, outcomes, updates } = draft;
    const deleted = new Set(draft.deletes);
    for (let i = 0; i < live.count; i++) {
      if (breath.due()) await breath.rest();
      const update = updates.get(i);
      const row = live.row(i);
      if (!deleted.has(i)) add(found, update === undefined ? row : rowAfter(row, update));
    }
    for (let i = 0; i < backup.count; i++) {
      if (breath.due()) await breath.rest();
      if (outcomes[i] === OUTCOME.INSERT) add(found, backup.row(i));
    }
    return found;
  }
}

function add(found: Map<string, readonly string[]>, row: Row): void {
  if (typeof row['name'] === 'string') found.set(row['name'], routerPortAddresses(row));
}

function uuidsIn(column: ReferenceColumn, row: Row): readonly string[] {
  return referencesIn(column, row[column.column.name]).map(({ uuid }) => uuid);
}
