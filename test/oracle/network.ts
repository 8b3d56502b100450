/**
 * Random networks: valid databases of any schema, with rows in all of its tables. Names are short and no two tables
 * share one, so that a name in a text says which row it means.
 */
import type { Content, Place, Row } from './content.js';
import type { Dice } from './dice.js';
import { NATURAL_KEYS } from './northbound.js';
import { type Base, type Column, referenceColumns, type Schema, type Table, tableOf } from './schema.js';

type OpenRow = Map<string, readonly string[]>;
type OpenContent = Map<string, Map<string, OpenRow>>;

const PREFIXES: Readonly<Record<string, string>> = {
  Logical_Switch: 'sw',
  Logical_Switch_Port: 'p',
  Logical_Router: 'lr',
  Logical_Router_Port: 'rp',
  Port_Group: 'pg',
  Address_Set: 'as',
  Load_Balancer: 'lb',
  Load_Balancer_Group: 'lbg',
};
/** Rows of a table in a database, least and most; others have up to two. */
const COUNTS: Readonly<Record<string, readonly [number, number]>> = {
  NB_Global: [1, 1],
  Connection: [0, 1],
  SSL: [0, 1],
  Logical_Switch: [1, 3],
  Logical_Switch_Port: [2, 7],
  Logical_Router: [1, 2],
  Logical_Router_Port: [1, 4],
  Port_Group: [0, 3],
  Address_Set: [0, 3],
  Load_Balancer: [0, 3],
  ACL: [1, 6],
  NAT: [0, 3],
};
const TWINS_SHARE = 0.3;

const quoted = (text: string): string => JSON.stringify(text);
const pair = (key: string, value: string): string => JSON.stringify([key, value]);

export class NetworkMaker {
  private readonly serials = new Map<string, number>();

  constructor(
    private readonly schema: Schema,
    private readonly dice: Dice,
    /** Whether rows may have the natural key of others. */
    private readonly hasTwins: boolean,
  ) {}

  make(): Content {
    const content: OpenContent = new Map();
    for (const table of this.schema.tables.values()) {
      const [least, most] = COUNTS[table.name] ?? [0, 2];
      const count = Math.min(least + this.dice.below(most - least + 1), table.maxRows, this.keysOf(table));
      const rows = Array.from({ length: count }, (): [string, OpenRow] => [this.dice.uuid(), this.keyed(table)]);
      content.set(table.name, new Map(rows));
    }
    for (const table of this.schema.tables.values())
      for (const row of content.get(table.name)?.values() ?? []) this.fill(table, row, content);
    this.own(content);
    while (this.prune(content)) {
      /* what was dropped may have owned others */
    }
    return content;
  }

  /** A new row with all but its references. */
  row(table: Table, content: Content): Place {
    const row = this.keyed(table);
    this.fill(table, row, content, false);
    return { table, uuid: this.dice.uuid(), row };
  }

  /** A name that no row has had. */
  freshName(table: string): string {
    return this.name(table, this.serial(table));
  }

  /** Another value for a column that holds no references. */
  value(table: Table, column: Column, content: Content): readonly string[] {
    return this.special(table.name, column.name, content, this.serial(table.name)) ?? this.anyValue(column);
  }

  private serial(table: string): number {
    const last = this.serials.get(table) ?? 0;
    if (this.hasTwins && last > 0 && NATURAL_KEYS[table] !== undefined && this.dice.chance(TWINS_SHARE)) return last;
    this.serials.set(table, last + 1);
    return last + 1;
  }

  private name(table: string, serial: number): string {
    return `${PREFIXES[table] ?? `${table.toLowerCase().replaceAll('_', '')}x`}${serial}`;
  }

  /** How many rows an index lets in whose columns are enums. */
  private keysOf({ indexes, columns }: Table): number {
    return Math.min(...indexes.flat().map((name) => columns.get(name)?.key.enum?.length ?? Infinity), Infinity);
  }

  /** What a row is told apart by. */
  private keyed(table: Table): OpenRow {
    const serial = this.serial(table.name);
    const row: OpenRow = new Map();
    const keys = new Set([...table.indexes.flat(), ...(NATURAL_KEYS[table.name] ?? []), 'name']);
    for (const name of keys) {
      const column = table.columns.get(name);
      if (column === undefined || (column.min === 0 && column.max === 1 && this.dice.chance(0.2))) continue;
      const value = name === 'name' ? [quoted(this.name(table.name, serial))] : this.keyValue(table, column, serial);
      if (value !== undefined) row.set(name, value);
    }
    return row;
  }

  private keyValue(table: Table, { name, key, value }: Column, serial: number): readonly string[] | undefined {
    if (value !== undefined) return [pair('ls_name', `dns${serial}`)];
    if (name === 'logical_port' || name === 'match') return undefined; // names others: filled later
    if (name === 'priority') return [String(1_000 + serial)];
    if (key.enum !== undefined) {
      const isIndex = table.indexes.flat().includes(name);
      return [JSON.stringify(isIndex ? key.enum[(serial - 1) % key.enum.length] : this.dice.pick(key.enum))];
    }
    if (key.type === 'integer') return [String(key.minInteger + (name === 'burst_size' ? 0 : serial))];
    return [quoted(`${name.replaceAll('_', '')}.${serial}`)];
  }

  private fill(table: Table, row: OpenRow, content: Content, withReferences = true): void {
    for (const column of table.columns.values()) {
      if (column.isEphemeral || row.has(column.name)) continue;
      if (column.refersTo === undefined)
        row.set(column.name, this.special(table.name, column.name, content, 0) ?? this.anyValue(column));
      else row.set(column.name, withReferences ? this.references(column, content) : []);
    }
  }

  /** References but those by which rows are owned. */
  private references({ refersTo, min, max, name }: Column, content: Content): readonly string[] {
    const target = refersTo?.table ?? '';
    const isOwning = (this.schema.owners.get(target) ?? []).some(({ column }) => column.name === name);
    if (isOwning) return [];
    const all = [...(content.get(target)?.keys() ?? [])];
    return this.dice.some(all, min, Math.min(max, this.dice.chance(0.3) ? 0 : all.length)).sort();
  }

  /** Gives every row that is no root an owner that has room. */
  private own(content: OpenContent): void {
    for (const [child, owners] of this.schema.owners)
      for (const uuid of content.get(child)?.keys() ?? []) {
        const places = owners.flatMap(({ table, column }) =>
          [...(content.get(table.name)?.values() ?? [])]
            .filter((row) => (row.get(column.name)?.length ?? 0) < column.max)
            .map((row) => ({ row, column })),
        );
        const needy = places.filter(({ row, column }) => (row.get(column.name)?.length ?? 0) < column.min);
        const place = this.dice.maybe(needy) ?? this.dice.maybe(places);
        place?.row.set(place.column.name, [...(place.row.get(place.column.name) ?? []), uuid].sort());
      }
  }

  private prune(content: OpenContent): boolean {
    let hasDropped = false;
    const owned = new Set<string>();
    for (const owners of this.schema.owners.values())
      for (const { table, column } of owners)
        for (const row of content.get(table.name)?.values() ?? [])
          for (const member of row.get(column.name) ?? []) owned.add(member);
    for (const table of this.schema.tables.values())
      for (const [uuid, row] of content.get(table.name) ?? []) {
        for (const { name, refersTo } of referenceColumns(table))
          row.set(
            name,
            (row.get(name) ?? []).filter((member) => content.get(refersTo.table)?.has(member) === true),
          );
        const lacks = referenceColumns(table).some(({ name, min }) => (row.get(name)?.length ?? 0) < min);
        if (!lacks && (table.isRoot || owned.has(uuid))) continue;
        content.get(table.name)?.delete(uuid);
        hasDropped = true;
      }
    return hasDropped;
  }

  private anyValue({ name, key, value, min, max }: Column): readonly string[] {
    const { dice } = this;
    const atom = (base: Base): string => {
      if (base.enum !== undefined) return JSON.stringify(dice.pick(base.enum));
      if (base.type === 'boolean') return String(dice.chance(0.5));
      if (base.type === 'integer')
        return String(base.minInteger + dice.below(Math.min(9, base.maxInteger - base.minInteger)));
      return quoted(`${name}-${dice.below(6)}`.slice(0, base.maxLength));
    };
    if (min === 0 && dice.chance(0.5)) return [];
    const count = Math.max(min, max > 1 ? 1 + dice.below(2) : 1);
    const keys = new Set(Array.from({ length: count }, () => atom(key)));
    if (value === undefined) return [...keys].sort();
    return [...keys].map((text) => `[${text},${atom(value)}]`).sort();
  }

  private names(table: string, content: Content): readonly string[] {
    return [...(content.get(table)?.values() ?? [])].flatMap((row: Row) => {
      const [name] = row.get('name') ?? [];
      return name === undefined || name === '""' ? [] : [JSON.parse(name) as string];
    });
  }

  /** Values of columns that name rows, or that OVN gives a meaning that a restore looks at. */
  private special(table: string, column: string, content: Content, serial: number): readonly string[] | undefined {
    const some = (of: string): string | undefined => this.dice.maybe(this.names(of, content));
    const optional = (name: string | undefined): readonly string[] =>
      name === undefined || this.dice.chance(0.4) ? [] : [quoted(name)];
    switch (`${table}.${column}`) {
      case 'ACL.match':
      case 'QoS.match':
      case 'Mirror_Rule.match':
        return [quoted(this.match(some, 'Logical_Switch_Port'))];
      case 'Logical_Router_Policy.match':
      case 'NAT.match':
        return [quoted(this.match(some, 'Logical_Router_Port'))];
      case 'ACL.meter':
        return optional(some('Meter'));
      case 'Copp.meters': {
        const meter = some('Meter');
        return meter === undefined ? [] : [pair('arp', meter)];
      }
      case 'Logical_Switch_Port.type':
        return [quoted(this.dice.pick(['', '', 'router', 'localnet', 'virtual']))];
      case 'Logical_Switch_Port.options': {
        const port = some('Logical_Router_Port');
        return port === undefined || this.dice.chance(0.6) ? [] : [pair('router-port', port)];
      }
      case 'Logical_Switch_Port.parent_name':
      case 'Logical_Switch_Port.peer':
      case 'NAT.logical_port':
        return optional(some('Logical_Switch_Port'));
      case 'Logical_Router_Port.peer':
      case 'Logical_Router_Static_Route.output_port':
        return optional(some('Logical_Router_Port'));
      case 'Forwarding_Group.child_port':
        return [quoted(some('Logical_Switch_Port') ?? 'no-port')];
      case 'Load_Balancer.ip_port_mappings': {
        const port = some('Logical_Switch_Port');
        return port === undefined || this.dice.chance(0.5) ? [] : [pair('10.0.0.9', `${port}:10.0.0.1`)];
      }
      case 'BFD.logical_port':
      case 'Static_MAC_Binding.logical_port':
        return [quoted(some('Logical_Router_Port') ?? 'no-port')];
      case 'Logical_Router_Port.networks':
        return [quoted(`10.${this.dice.below(250)}.${serial % 250}.1/24`)];
      default:
        return undefined;
    }
  }

  private match(some: (table: string) => string | undefined, ports: string): string {
    const parts: string[] = [];
    const port = some(ports);
    const group = some('Port_Group');
    const set = some('Address_Set');
    if (port !== undefined && this.dice.chance(0.4)) parts.push(`inport == "${port}"`);
    if (group !== undefined && this.dice.chance(0.4))
      parts.push(
        this.dice.pick([`outport == @${group}`, `ip4.src == $${group}_ip4`, `ip6.dst == {$${group}_ip6, ::1}`]),
      );
    if (set !== undefined && this.dice.chance(0.4)) parts.push(`ip4.dst == $${set}`);
    if (port !== undefined && this.dice.chance(0.2)) parts.push(`is_chassis_resident("${port}")`);
    parts.push(`tcp.dst == ${this.dice.below(60_000)}`);
    return parts.join(' && ');
  }
}

/** Tables that random changes leave alone: they say which database it is. */
export const FIXED_TABLES: ReadonlySet<string> = new Set(['NB_Global', 'Connection', 'SSL']);

/** Tables that own rows of others. */
export function ownedTables(
  schema: Schema,
  owner: string,
): readonly { readonly child: Table; readonly column: Column }[] {
  return [...schema.owners].flatMap(([child, owners]) =>
    owners.filter(({ table }) => table.name === owner).map(({ column }) => ({ child: tableOf(schema, child), column })),
  );
}
