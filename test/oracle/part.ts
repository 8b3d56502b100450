/**
 * Which rows a filter picks for sure, and which it may pick. The document's sentence: "the named roots, what they own
 * according to the include flags, and what those rows need in order to stand". What they need the server tells itself
 * (pulledIn), and is held to that. Pure.
 */
import { type Choice, FILTER_TABLES } from './choice.js';
import { byUuid, type Content, membersIn, nameOf, placesOf, textIn } from './content.js';
import { ownedTables } from './network.js';
import type { Schema, Table } from './schema.js';

export interface Part {
  /** In it for sure. */
  readonly sure: ReadonlySet<string>;
  /** Nothing else may be in it. */
  readonly possible: ReadonlySet<string>;
  /** Rows that the filter names. */
  readonly named: ReadonlySet<string>;
}

const FLAG_OF_COLUMN: Readonly<Record<string, 'includePorts' | 'includeAcls' | 'includeNat' | 'includeQos'>> = {
  'Logical_Switch.ports': 'includePorts',
  'Logical_Router.ports': 'includePorts',
  'Logical_Switch.acls': 'includeAcls',
  'Port_Group.acls': 'includeAcls',
  'Logical_Router.nat': 'includeNat',
  'Logical_Switch.qos_rules': 'includeQos',
};
const FLAG_OF_TABLE: Readonly<Record<string, 'includeLoadBalancers' | 'includeDhcpOptions'>> = {
  Load_Balancer: 'includeLoadBalancers',
  Load_Balancer_Group: 'includeLoadBalancers',
  DHCP_Options: 'includeDhcpOptions',
};

/** Whether an include flag leaves out a whole table of roots. */
export function isFlaggedOut({ filter }: Choice, table: string): boolean {
  const flag = FLAG_OF_TABLE[table];
  return flag !== undefined && filter?.[flag] === false;
}

/** What is told apart by the port that it names belongs to that port. */
function isOfPort({ indexes }: Table): boolean {
  return indexes.flat().includes('logical_port');
}

/** @param pulledIn what the server says comes along */
export function partOf(schema: Schema, content: Content, { filter }: Choice, pulledIn: readonly string[]): Part {
  const rows = byUuid(schema, content);
  if (filter === undefined) return { sure: new Set(rows.keys()), possible: new Set(rows.keys()), named: new Set() };
  const named = new Set<string>();
  const lists = Object.entries(FILTER_TABLES).map(([list, table]) => ({
    table,
    wanted: filter[list as keyof typeof FILTER_TABLES] ?? undefined,
  }));
  const picksAll = lists.every(({ wanted }) => wanted === undefined);
  for (const { table, uuid, row } of placesOf(schema, content)) {
    const wanted = lists.find((list) => list.table === table.name)?.wanted;
    if (picksAll ? table.isRoot : wanted?.some((name) => name === uuid || name === nameOf(row)) === true)
      named.add(uuid);
  }
  const reach = (from: Iterable<string>, isGoing: (table: string, column: string) => boolean): Set<string> => {
    const found = new Set<string>();
    const waiting = [...from];
    for (let uuid = waiting.pop(); uuid !== undefined; uuid = waiting.pop()) {
      const place = rows.get(uuid);
      if (place === undefined || found.has(uuid)) continue;
      found.add(uuid);
      for (const { column } of ownedTables(schema, place.table.name))
        if (isGoing(place.table.name, column.name)) waiting.push(...membersIn(place.row, column.name));
    }
    return found;
  };
  const isIncluded = (table: string, column: string): boolean => {
    const flag = FLAG_OF_COLUMN[`${table}.${column}`];
    return flag === undefined || filter[flag] !== false;
  };
  // whether ports of routers are ports, it does not say
  const possible = reach(
    [...named, ...pulledIn],
    (table, column) => table === 'Logical_Router' || isIncluded(table, column),
  );
  const ports = new Set([...possible].map((uuid) => nameOf(rows.get(uuid)?.row ?? new Map())));
  for (const { table, uuid, row } of placesOf(schema, content))
    if (isOfPort(table) && ports.has(textIn(row, 'logical_port') ?? '')) possible.add(uuid);
  const surelyNamed = [...named].filter((uuid) => {
    const table = rows.get(uuid)?.table;
    const flag = table !== undefined && isOfPort(table) ? 'includePorts' : FLAG_OF_TABLE[table?.name ?? ''];
    return flag === undefined || filter[flag] !== false;
  });
  return {
    sure: reach(surelyNamed, isIncluded),
    possible,
    named,
  };
}
