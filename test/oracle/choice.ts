/** What is asked of a restore: policy, exact, filter, mapping; chosen by chance. */
import type { RestoreBackupInput } from '../support/clients/generated/graphql.js';
import { type Content, nameOf, type Place, placesOf } from './content.js';
import type { Dice } from './dice.js';
import { FIXED_TABLES } from './network.js';
import type { Schema } from './schema.js';

export const POLICIES = ['SKIP', 'OVERWRITE', 'OVERWRITE', 'OVERWRITE', 'RENAME', 'ERROR'] as const;
export type Policy = (typeof POLICIES)[number];
export type Filter = NonNullable<RestoreBackupInput['restoreFilter']>;

export const FILTER_TABLES = {
  switches: 'Logical_Switch',
  routers: 'Logical_Router',
  portGroups: 'Port_Group',
  addressSets: 'Address_Set',
  loadBalancers: 'Load_Balancer',
} as const;
const LISTS = ['switches', 'switches', 'routers', 'portGroups', 'addressSets', 'loadBalancers'] as const;
const FLAGS = [
  'includePorts',
  'includeAcls',
  'includeLoadBalancers',
  'includeNat',
  'includeDhcpOptions',
  'includeQos',
] as const;
/** No row has this name. */
export const NOBODY = 'nobody-has-this-name';

export interface Choice {
  readonly policy: Policy;
  readonly exact: boolean;
  readonly filter?: Filter;
  /** Whether the filter is the backup's own. */
  readonly isSelective: boolean;
  /** As it is sent. */
  readonly mapping?: { readonly from: string; readonly to: string };
  /** UUIDs of what it says; empty where it says what is not there. */
  readonly mapped: ReadonlyMap<string, string>;
  /** Why the request has to be refused as it is; undefined when it has not. */
  readonly mistake?: string;
}

/** @param own the filter that the backup was made with, and no other is asked for then */
export function chooseRestore(
  schema: Schema,
  backup: Content,
  live: Content,
  dice: Dice,
  own: Filter | undefined,
): Choice {
  const policy = dice.pick(POLICIES);
  const exact = policy === 'OVERWRITE' && dice.chance(0.6);
  const filter = own ?? (dice.chance(0.5) ? chooseFilter(schema, backup, live, exact, dice) : undefined);
  const mapping = dice.chance(0.12) ? chooseMapping(schema, backup, live, dice) : undefined;
  const hasNobody = Object.values(filter ?? {}).some((value) => Array.isArray(value) && value.includes(NOBODY));
  // to lie beside a row and to be it are two things: mapping and RENAME are refused together
  const isTorn = mapping !== undefined && policy === 'RENAME';
  const mistake = isTorn ? 'resourceMapping' : hasNobody ? NOBODY : mapping?.mistake;
  return {
    policy,
    exact,
    isSelective: own !== undefined,
    ...(filter === undefined ? {} : { filter }),
    ...(mapping === undefined ? {} : { mapping: mapping.sent }),
    mapped: mapping?.mapped ?? new Map(),
    ...(mistake === undefined ? {} : { mistake }),
  };
}

/** @param exact then it may also name rows that only the database has */
export function chooseFilter(
  schema: Schema,
  backup: Content,
  live: Content,
  exact: boolean,
  dice: Dice,
): Filter | undefined {
  const filter: Record<string, string[] | boolean> = {};
  const isOfFlags = dice.chance(0.25);
  for (const flag of FLAGS) if (dice.chance(isOfFlags ? 0.4 : 0.12)) filter[flag] = false;
  if (!isOfFlags)
    for (const list of new Set(dice.some(LISTS, 1, 2))) {
      const table = FILTER_TABLES[list];
      const source = exact && dice.chance(0.15) ? live : backup;
      const rows = [...placesOf(schema, source)].filter((place) => place.table.name === table);
      const picked = dice.some(rows, 1, 2).map(({ uuid, row }) => (dice.chance(0.3) ? uuid : nameOf(row)));
      if (dice.chance(0.03)) picked.push(NOBODY);
      if (picked.length > 0) filter[list] = picked;
    }
  return Object.keys(filter).length === 0 ? undefined : filter;
}

function chooseMapping(
  schema: Schema,
  backup: Content,
  live: Content,
  dice: Dice,
): { sent: { from: string; to: string }; mapped: Map<string, string>; mistake?: string } | undefined {
  const named = (content: Content): Place[] =>
    [...placesOf(schema, content)].filter(({ table, row }) => !FIXED_TABLES.has(table.name) && nameOf(row) !== '');
  const known = new Set([...placesOf(schema, backup)].map(({ uuid }) => uuid));
  const strangers = named(live).filter(({ uuid }) => !known.has(uuid));
  const to = dice.maybe(strangers);
  const same = named(backup).filter(({ table }) => table === to?.table);
  const missing = same.filter(({ table, uuid }) => live.get(table.name)?.has(uuid) !== true);
  const from = dice.maybe(dice.chance(0.6) ? missing : same) ?? dice.maybe(same);
  const way = dice.below(10);
  if (way === 0) return { sent: { from: NOBODY, to: to?.uuid ?? NOBODY }, mapped: new Map(), mistake: NOBODY };
  if (from === undefined || to === undefined) return undefined;
  if (way === 1) return { sent: { from: from.uuid, to: NOBODY }, mapped: new Map(), mistake: NOBODY };
  const call = ({ uuid, row }: Place, rows: readonly Place[]): string =>
    dice.chance(0.3) && rows.filter((other) => nameOf(other.row) === nameOf(row)).length === 1 ? nameOf(row) : uuid;
  const sent = { from: call(from, named(backup)), to: call(to, named(live)) };
  return { sent, mapped: new Map([[from.uuid, to.uuid]]) };
}

export function requestOf(
  backupId: string,
  { policy, exact, filter, isSelective, mapping }: Choice,
): RestoreBackupInput {
  return {
    backupId,
    conflictPolicy: policy,
    exact,
    ...(filter === undefined || isSelective ? {} : { restoreFilter: filter }),
    ...(mapping === undefined ? {} : { resourceMapping: [mapping] }),
  };
}

/** The filter of a selective backup. */
export function chooseSelection(schema: Schema, database: Content, dice: Dice): Filter | undefined {
  const filter = chooseFilter(schema, database, database, false, dice);
  const isGood = filter !== undefined && Object.keys(FILTER_TABLES).some((list) => list in filter);
  return isGood && !JSON.stringify(filter).includes(NOBODY) ? filter : undefined;
}
