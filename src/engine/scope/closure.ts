/**
 * Closure: from the picked rows to all that comes with them. First everything that they own, then what those rows need,
 * and what that needs in turn, each row read once or twice. Pure.
 */
import type { Breath } from '../../lib/breath.js';
import { FLAGGED_TABLES, flagOf, type IncludeFlags } from '../../model/northbound/filter.js';
import { holderOf, owns, PORT_BOUND } from '../../model/northbound/holder.js';
import { namedNeeds, routerPeerOf } from '../../model/northbound/named-need.js';
import { nameOf, needNoun } from '../../model/northbound/noun.js';
import { PORT_GROUP, ROUTER_PORT, SWITCH_PORT } from '../../model/northbound/tables.js';
import { referenceColumns, referencesIn } from '../../model/reference/reference.js';
import type { Row } from '../../model/row/row.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { labelOf, nameInText } from '../describe/label.js';
import { MARK, type Mark, type PulledIn, type ScopeMarks } from './mark.js';
import type { PickedRows } from './pick.js';
import { NOWHERE, type PortPlaces, portPlaces } from './port-places.js';

/** A row to go on from. */
interface Visit {
  readonly table: TableSchema;
  readonly index: number;
  /** Of a row held by another: what the holder is called. */
  readonly of?: string | undefined;
  /** Of a row that is listed as pulled in. */
  readonly reason?: string;
}

export interface Closed {
  readonly marks: ScopeMarks;
  readonly pulledIn: readonly PulledIn[];
}

/** Table -> number of a row -> the mark that it has from the first. */
export type Seeds = ReadonlyMap<string, ReadonlyMap<number, Mark>>;

export interface CloseOptions {
  readonly flags: IncludeFlags;
  /** Rows that are in the part whatever holds them. */
  readonly seeds?: Seeds | undefined;
}

/** @param picks undefined picks every row that the flags allow */
export async function closeScope(
  snapshot: Snapshot,
  picks: PickedRows | undefined,
  options: CloseOptions,
  breath: Breath,
): Promise<Closed> {
  return new Closure(snapshot, picks, options, breath).run();
}

class Closure {
  private readonly marks = new Map<string, Uint8Array>();
  private readonly beside = new Map<string, Set<number>>();
  private readonly owned: Visit[] = [];
  private readonly needed: Visit[] = [];
  private readonly pulledIn: PulledIn[] = [];
  /** Table -> name -> number, of tables in which names are looked up. */
  private readonly names = new Map<string, ReadonlyMap<string, number>>();
  /** Table of ports -> where each of them is. */
  private readonly places = new Map<string, PortPlaces>();

  constructor(
    private readonly snapshot: Snapshot,
    private readonly picks: PickedRows | undefined,
    private readonly options: CloseOptions,
    private readonly breath: Breath,
  ) {
    for (const rows of snapshot.tables.values()) this.marks.set(rows.table, new Uint8Array(rows.count));
  }

  async run(): Promise<Closed> {
    if (this.picks === undefined && Object.values({ ...this.options.flags }).every((flag: boolean) => flag)) {
      for (const marks of this.marks.values()) marks.fill(MARK.OWNED);
      return this.closed();
    }
    this.seed();
    for (let visit = this.owned.pop(); visit !== undefined; visit = this.owned.pop())
      await this.follow(visit, MARK.OWNED);
    if (this.picks !== undefined) {
      await this.ownRecords();
      await this.needPortGroups();
    }
    for (let visit = this.needed.pop(); visit !== undefined; visit = this.needed.pop()) {
      // it turned out to be owned
      if (this.markOf(visit.table.name, visit.index) === MARK.OWNED) continue;
      this.list(visit);
      await this.carry(visit);
      await this.follow(visit, MARK.NEEDED);
    }
    if (this.picks !== undefined) await this.markBeside(this.picks);
    return this.closed();
  }

  private closed(): Closed {
    const marks: ScopeMarks = Object.assign(new Map<string, Uint8Array>(this.marks), { beside: this.beside });
    return { marks, pulledIn: this.pulledIn };
  }

  private seed(): void {
    if (this.picks !== undefined) {
      for (const [table, indexes] of this.picks)
        for (const index of indexes) this.raise(this.table(table), index, MARK.OWNED);
      for (const [table, marks] of this.options.seeds ?? [])
        for (const [index, mark] of marks) this.raise(this.table(table), index, mark);
      return;
    }
    for (const table of this.snapshot.schema.tables.values()) {
      const flag = FLAGGED_TABLES[table.name];
      if (!table.isRoot || (flag !== undefined && !this.options.flags[flag])) continue;
      for (let i = 0; i < this.rows(table.name).count; i++) this.raise(table, i, MARK.OWNED);
    }
  }

  private table(name: string): TableSchema {
    return this.snapshot.schema.tables.get(name) as TableSchema;
  }

  private rows(table: string): TableRows {
    return this.snapshot.tables.get(table) as TableRows;
  }

  private markOf(table: string, index: number): number {
    return this.marks.get(table)?.[index] ?? MARK.OUT;
  }

  /** Gives a row a mark above its own, and goes on from it. */
  private raise(table: TableSchema, index: number, mark: Mark, visit: Pick<Visit, 'of' | 'reason'> = {}): void {
    const marks = this.marks.get(table.name);
    if (marks === undefined || (marks[index] ?? mark) >= mark) return;
    marks[index] = mark;
    if (mark === MARK.OWNED) this.owned.push({ table, index, ...visit });
    else if (mark === MARK.NEEDED) this.needed.push({ table, index, ...visit });
  }

  /** @param reason asked for only when the row is new */
  private need(table: TableSchema, index: number, reason: () => string): void {
    if (this.markOf(table.name, index) < MARK.NEEDED) this.raise(table, index, MARK.NEEDED, { reason: reason() });
  }

  /** Marks what this row owns with the row's own mark, and what it needs. */
  private async follow({ table, index, of }: Visit, mark: Mark): Promise<void> {
    if (this.breath.due()) await this.breath.rest();
    const columns = referenceColumns(table);
    // where everything is picked, names lead to nothing new
    if (columns.length === 0 && this.picks === undefined) return;
    const rows = this.rows(table.name);
    const row = rows.row(index);
    const label = labelWithin(table, row, rows.uuid(index), of);
    for (const column of columns) {
      const flag = flagOf(table.name, column.column.name);
      if (flag !== undefined && !this.options.flags[flag]) continue;
      for (const { table: name, uuid, strong } of referencesIn(column, row[column.column.name])) {
        const to = this.snapshot.schema.tables.get(name);
        const found = this.snapshot.tables.get(name)?.find(uuid);
        if (to === undefined || found === undefined) continue;
        if (strong && !to.isRoot && owns(table.name, name)) this.raise(to, found, mark, { of: label });
        else if (strong || to.isRoot) this.need(to, found, () => `${needNoun(name)} of ${label}`);
      }
    }
    if (this.picks === undefined) return;
    await this.followNames(table, row, label);
  }

  private async followNames(table: TableSchema, row: Row, label: string): Promise<void> {
    for (const { column, table: to, name } of namedNeeds(table.name, row)) {
      const index = (await this.namesOf(to)).get(name);
      if (index !== undefined)
        this.need(this.table(to), index, () =>
          column === 'match' ? `named in the match of ${label}` : `${needNoun(to)} of ${label}`,
        );
    }
    const peer = this.options.flags.includePorts ? routerPeerOf(table.name, row) : undefined;
    const index = peer === undefined ? undefined : (await this.namesOf(ROUTER_PORT)).get(peer);
    if (index !== undefined) this.need(this.table(ROUTER_PORT), index, () => `the peer of ${label}`);
  }

  private async namesOf(table: string): Promise<ReadonlyMap<string, number>> {
    const known = this.names.get(table);
    if (known !== undefined) return known;
    const names = new Map<string, number>();
    const rows = this.snapshot.tables.get(table);
    for (let i = 0; rows !== undefined && i < rows.count; i++) {
      const name = nameInText(rows.text(i));
      if (name !== undefined) names.set(name, i);
      if (this.breath.due()) await this.breath.rest();
    }
    this.names.set(table, names);
    return names;
  }

  /** Rows that belong to an owned router port, which they name. */
  private async ownRecords(): Promise<void> {
    const ports = this.marks.get(ROUTER_PORT);
    if (ports?.includes(MARK.OWNED) !== true) return;
    for (const [name, { column, to }] of Object.entries(PORT_BOUND)) {
      const rows = this.snapshot.tables.get(name);
      for (let i = 0; rows !== undefined && i < rows.count; i++) {
        const port = (await this.namesOf(to)).get(rows.row(i)[column] as string);
        if (port !== undefined && this.markOf(to, port) === MARK.OWNED) this.raise(this.table(name), i, MARK.OWNED);
        if (this.breath.due()) await this.breath.rest();
      }
    }
  }

  /** A port without its port groups would be a port without its ACLs. */
  private async needPortGroups(): Promise<void> {
    const ports = this.snapshot.tables.get(SWITCH_PORT);
    if (ports === undefined || this.marks.get(SWITCH_PORT)?.includes(MARK.OWNED) !== true) return;
    await this.eachReferrer(PORT_GROUP, 'ports', (index, members) => {
      const member = members.find((uuid) => this.markOf(SWITCH_PORT, ports.find(uuid) ?? -1) === MARK.OWNED);
      if (member === undefined) return;
      this.need(
        this.table(PORT_GROUP),
        index,
        () => `holds ${labelOf(this.table(SWITCH_PORT), ports.row(ports.find(member) ?? 0), member)}`,
      );
    });
  }

  private async eachReferrer(
    table: string,
    column: string,
    look: (index: number, uuids: readonly string[]) => void,
  ): Promise<void> {
    const rows = this.snapshot.tables.get(table);
    const reference =
      rows === undefined
        ? undefined
        : referenceColumns(this.table(table)).find((candidate) => candidate.column.name === column);
    for (let i = 0; rows !== undefined && reference !== undefined && i < rows.count; i++) {
      look(
        i,
        referencesIn(reference, rows.row(i)[column]).map(({ uuid }) => uuid),
      );
      if (this.breath.due()) await this.breath.rest();
    }
  }

  /** Marks the switch or router that a needed port is in as its carrier. */
  private async carry({ table, index, reason = '' }: Visit): Promise<void> {
    const found = await this.placesOf(table.name);
    const at = found?.places[index] ?? NOWHERE;
    if (found === undefined || at === NOWHERE || this.markOf(found.holder.table, at) !== MARK.OUT) return;
    const holder = this.table(found.holder.table);
    this.raise(holder, at, MARK.CARRIER);
    const rows = this.rows(table.name);
    this.list({
      table: holder,
      index: at,
      reason: `holds ${labelOf(table, rows.row(index), rows.uuid(index))}, ${reason}`,
    });
  }

  private async placesOf(table: string): Promise<PortPlaces | undefined> {
    if (holderOf(table) === undefined) return undefined;
    const known = this.places.get(table);
    if (known !== undefined) return known;
    const found = await portPlaces(this.snapshot, table, this.breath);
    if (found !== undefined) this.places.set(table, found);
    return found;
  }

  private list({ table, index, reason }: Visit): void {
    if (reason === undefined) return;
    const rows = this.rows(table.name);
    this.pulledIn.push({
      table: table.name,
      uuid: rows.uuid(index),
      label: labelOf(table, rows.row(index), rows.uuid(index)),
      reason,
    });
  }

  private async markBeside(picks: PickedRows): Promise<void> {
    const groups = picks.get(PORT_GROUP);
    if (!this.options.flags.includePorts || groups === undefined || groups.size === 0) return;
    const ports = this.rows(SWITCH_PORT);
    const members = new Set<number>();
    await this.eachReferrer(PORT_GROUP, 'ports', (index, uuids) => {
      for (const uuid of groups.has(index) ? uuids : []) {
        const port = ports.find(uuid);
        if (port !== undefined && this.markOf(SWITCH_PORT, port) === MARK.OUT) members.add(port);
      }
    });
    this.beside.set(SWITCH_PORT, members);
  }
}

/** A row without a name is called after what holds it too. */
function labelWithin(table: TableSchema, row: Row, uuid: string, of: string | undefined): string {
  const own = labelOf(table, row, uuid);
  return of === undefined || nameOf(row) !== undefined ? own : `${own} of ${of}`;
}
