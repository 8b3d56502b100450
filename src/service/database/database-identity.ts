/**
 * Which database is it? The configured id is a name: it may be pointed at another database. What a database says of
 * itself is its cluster's id, which every member has for good, or for a standalone server the UUID of the one row of
 * its global table (NB_Global), which lives as long as the database.
 */
import { OUTCOME, type Plan } from '../../engine/plan/table-plan.js';
import { defined } from '../../lib/defined.js';
import { GLOBAL_TABLES } from '../../model/northbound/tables.js';
import type { Snapshot } from '../../model/snapshot/snapshot.js';
import type { Session } from '../../ovsdb/client.js';
import type { Json } from '../../ovsdb/json.js';
import { EVERY_ROW, selectOperation } from '../../ovsdb/operation.js';
import { rowsOf } from '../../ovsdb/reply.js';
import type { ServerDatabase } from '../../ovsdb/server-database.js';
import { transact } from '../../ovsdb/transact.js';

const TIMEOUT_MS = 30_000;

const ofCluster = (clusterId: string): string => `cluster:${clusterId}`;

/** "cluster:<id>" or "row:<UUID>"; undefined of a database that is empty. */
export function identityOf({ clusterId }: ServerDatabase, snapshot: Snapshot): string | undefined {
  return clusterId === undefined ? rowIdentity(snapshot) : ofCluster(clusterId);
}

/** By the global row alone, as far as there is one. */
export function rowIdentity({ tables }: Snapshot): string | undefined {
  for (const name of GLOBAL_TABLES) {
    const rows = tables.get(name);
    if (rows !== undefined && rows.count === 1) return `row:${rows.uuid(0)}`;
  }
  return undefined;
}

/** Asks the database itself. @throws ConnectionError, OvsdbError */
export async function readIdentity({ connection, schema, server }: Session): Promise<string | undefined> {
  if (server.clusterId !== undefined) return ofCluster(server.clusterId);
  const tables = [...GLOBAL_TABLES].filter((name) => schema.tables.has(name));
  const selects = tables.map((name) => selectOperation(name, EVERY_ROW, ['_uuid']));
  const results = await transact(connection, schema.name, selects, { timeoutMs: TIMEOUT_MS });
  for (const result of results) {
    const [row, ...more] = rowsOf(result);
    const [, uuid] = (row?.['_uuid'] ?? []) as readonly Json[];
    if (typeof uuid === 'string' && more.length === 0) return `row:${uuid}`;
  }
  return undefined;
}

/** What the database will say of itself once the plan is carried out. */
export function identityAfter(server: ServerDatabase, plan: Plan): string | undefined {
  if (server.clusterId !== undefined) return ofCluster(server.clusterId);
  const drafts = plan.tables.filter(({ table }) => GLOBAL_TABLES.has(table.name));
  for (const { live, deletes, backup, outcomes } of drafts) {
    if (live.count === 1 && deletes.length === 0) return `row:${live.uuid(0)}`;
    let inserted: string | undefined;
    outcomes.forEach((outcome, i) => {
      if (outcome === OUTCOME.INSERT) inserted = `row:${backup.uuid(i)}`;
    });
    if (inserted !== undefined) return inserted;
  }
  return undefined;
}

/** What is remembered of a database that a restore changed. */
export interface KnownDatabase {
  /** What it said of itself afterwards. */
  readonly identity?: string | undefined;
  /** What it said before, null for nothing. This and where it was are unknown of what older versions did. */
  readonly identityBefore?: string | null | undefined;
  readonly remotes?: readonly string[] | undefined;
}

/**
 * Whether a database that says of itself what the remembered one does may be taken for that where nobody is there to
 * decide. A restore into an empty database gives it the row of the one that the backup is of: from then on there are
 * two that say the same, and only the address tells them apart. Else a row stays with its database, also on a standby
 * that takes its place at another address.
 */
export function isAtSamePlace(
  { identity, identityBefore, remotes }: KnownDatabase,
  addresses: readonly string[],
): boolean {
  const isCopied = identityBefore !== undefined && identity !== undefined && identityBefore !== identity;
  return !isCopied || remotes === undefined || remotes.some((address) => addresses.includes(address));
}

/** What is remembered of a database before a plan is carried out there. */
export function rememberedOf(server: ServerDatabase, plan: Plan, addresses: readonly string[]): KnownDatabase {
  const identityBefore = identityOf(server, plan.live) ?? null;
  return { ...defined({ identity: identityAfter(server, plan) }), identityBefore, remotes: addresses };
}

/** Whether two identities are known, and not the same. */
export function isAnother(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}
