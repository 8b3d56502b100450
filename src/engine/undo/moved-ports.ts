/**
 * Ports that others moved on after a restore had moved or deleted them: an undo would put them back into the switch or
 * onto the router that they were in before, and they would be in two. Whoever holds such a port keeps it.
 *
 * A port that the restore took out of a switch, and put into no other, was in two before. It is put back.
 */
import type { Breath } from '../../lib/breath.js';
import { holderOf } from '../../model/northbound/holder.js';
import { type ReferenceColumn, referencesIn, rewriteReferences } from '../../model/reference/reference.js';
import type { Row, Value } from '../../model/row/row.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { exclusiveColumns } from '../plan/double-hold.js';
import type { Findings } from './findings.js';
import type { KeptChange } from './kept-change.js';
import type { UndoDraft } from './undo-draft.js';

export class MovedPorts {
  /** UUIDs of ports that the restore put somewhere, or deleted. */
  private readonly moved = new Set<string>();
  private readonly columns: ReadonlyMap<string, readonly ReferenceColumn[]>;

  constructor(
    private readonly draft: UndoDraft,
    private readonly findings: Findings,
  ) {
    const { schema } = draft.live;
    this.columns = new Map([...draft.tables].map((table) => [table.name, exclusiveColumns(schema, table)]));
  }

  has(port: string): boolean {
    return this.moved.has(port);
  }

  /** Learns where a change of the restore left ports. */
  note({ kind, table, uuid, columns }: KeptChange): void {
    if (kind === 'DELETE') {
      if (holderOf(table) !== undefined) this.moved.add(uuid);
      return;
    }
    for (const reference of this.columns.get(table) ?? []) {
      const change = columns.find(({ column }) => column === reference.column.name);
      for (const port of gained(reference, change?.before, change?.after)) this.moved.add(port);
    }
  }

  /** Leaves ports out of the rows that they would come back into, where another row holds them now. */
  async leaveOut(breath: Breath): Promise<void> {
    if (this.moved.size === 0) return;
    for (const table of this.draft.tables)
      for (const column of this.columns.get(table.name) ?? []) await this.leaveOutOf(table, column, breath);
  }

  private async leaveOutOf(table: TableSchema, reference: ReferenceColumn, breath: Breath): Promise<void> {
    const { name } = reference.column;
    const rows = this.draft.rows(table.name);
    /** UUID of a port that comes back -> of the row that it comes back into. */
    const back = new Map<string, string>();
    for (const [uuid, row] of rows.puts()) {
      for (const port of gained(reference, rows.rowBefore(uuid)?.[name], row[name]))
        if (this.moved.has(port)) back.set(port, uuid);
      if (breath.due()) await breath.rest();
    }
    if (back.size === 0) return;
    const live = this.draft.live.tables.get(table.name);
    const held = new Map<string, { readonly port: string; readonly by: string }[]>();
    for (let i = 0; live !== undefined && i < live.count; i++) {
      if (breath.due()) await breath.rest();
      const by = live.uuid(i);
      const now = new Set(referencesIn(reference, live.row(i)[name]).map(({ uuid }) => uuid));
      for (const { uuid: port } of referencesIn(reference, rows.row(by)?.[name])) {
        const home = back.get(port);
        if (home === undefined || !now.has(port)) continue;
        const ports = held.get(home) ?? [];
        ports.push({ port, by });
        held.set(home, ports);
      }
    }
    for (const [home, ports] of held) this.leave({ table, reference, home }, ports);
  }

  private leave(
    { table, reference, home }: { table: TableSchema; reference: ReferenceColumn; home: string },
    ports: readonly { readonly port: string; readonly by: string }[],
  ): void {
    const { draft, findings } = this;
    const { name } = reference.column;
    const row = draft.rows(table.name).row(home) as Row;
    const label = draft.label(table.name, home);
    for (const { port, by } of ports)
      findings.add(
        { table: table.name, label },
        `does not get ${draft.label(reference.key?.table ?? '', port)} back: that is in ` +
          `${draft.label(table.name, by)} now`,
      );
    const out = new Set(ports.map(({ port }) => port));
    const rest = rewriteReferences(reference, row[name] as Value, (uuid) => (out.has(uuid) ? undefined : uuid));
    const { [name]: _dropped, ...others } = row;
    draft.put(table.name, home, rest === undefined ? others : { ...others, [name]: rest });
  }
}

/** The ports of a column that it did not have before. */
function gained(reference: ReferenceColumn, before: Value | undefined, after: Value | undefined): readonly string[] {
  const had = new Set(referencesIn(reference, before).map(({ uuid }) => uuid));
  return referencesIn(reference, after)
    .map(({ uuid }) => uuid)
    .filter((uuid) => !had.has(uuid));
}
