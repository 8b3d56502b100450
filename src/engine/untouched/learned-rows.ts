/**
 * Learned rows: rows of ovn-ic's. A restore leaves them to it: one that was withdrawn since would be a route to nowhere
 * when it came back, and one that is still right is there, or ovn-ic makes it again. Only where nothing learns any more
 * they can be had from a backup. Pure.
 */
import type { Breath } from '../../lib/breath.js';
import {
  INTERCONNECTION_MARKS,
  isOfInterconnection,
  KUBERNETES_MARK,
  learnsRoutes,
} from '../../model/northbound/systems/interconnection.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';

/** Table -> UUIDs of rows. Tables of which none is are not in it. */
export type RowSets = ReadonlyMap<string, ReadonlySet<string>>;

/** Rows of ovn-ic's on both sides of a restore. Nothing refers to those of the backup. */
export interface LearnedRows {
  readonly backup: RowSets;
  readonly live: RowSets;
  /** Those of the backup whose UUIDs live rows have that are not ovn-ic's. */
  readonly takenOver: RowSets;
  /** They would have been restored if ovn-ic were not at work. */
  readonly isForced: boolean;
}

/**
 * Whether a reference of the backup leads to a row that is left out, or that ovn-ic looks after. One to a row that
 * somebody else made anew, or took over, leads there: it is no business of ovn-ic's any more.
 */
export function isLeftToOvnIc(learned: LearnedRows, table: string, uuid: string, match: string | undefined): boolean {
  if (learned.backup.get(table)?.has(uuid) !== true) return false;
  if (match !== undefined && match !== uuid) return learned.live.get(table)?.has(match) === true;
  return learned.takenOver.get(table)?.has(uuid) !== true;
}

/** @param isForced they are restored, unless ovn-ic is at work in the live database */
export async function findLearnedRows(
  backup: Snapshot,
  live: Snapshot,
  isForced: boolean,
  breath: Breath,
): Promise<LearnedRows | undefined> {
  const kubernetes = new Kubernetes([backup, live]);
  const inLive = await learnedIn(live, kubernetes, breath);
  if (isForced && !isLearning(live, inLive)) return undefined;
  const inBackup = await learnedIn(backup, kubernetes, breath);
  if (inBackup.size + inLive.size === 0) return undefined;
  return { backup: inBackup, live: inLive, takenOver: takenOver(inBackup, inLive, live), isForced };
}

function takenOver(inBackup: RowSets, inLive: RowSets, { tables }: Snapshot): RowSets {
  const isOthers = (table: string, uuid: string): boolean =>
    tables.get(table)?.find(uuid) !== undefined && inLive.get(table)?.has(uuid) !== true;
  return new Map(
    [...inBackup].map(
      ([table, uuids]) => [table, new Set([...uuids].filter((uuid) => isOthers(table, uuid)))] as const,
    ),
  );
}

/** Whether this is the database of ovn-kubernetes; looked for where somebody wants to know. */
class Kubernetes {
  private known: boolean | undefined;

  constructor(private readonly snapshots: readonly Snapshot[]) {}

  get isHere(): boolean {
    this.known ??= this.snapshots.some(({ tables }) =>
      hasText(tables.get(KUBERNETES_MARK.table), KUBERNETES_MARK.text),
    );
    return this.known;
  }
}

async function learnedIn({ tables }: Snapshot, kubernetes: Kubernetes, breath: Breath): Promise<RowSets> {
  const found = new Map<string, Set<string>>();
  for (const [table, mark] of Object.entries(INTERCONNECTION_MARKS)) {
    const rows = tables.get(table);
    const text = Buffer.from(mark);
    for (let i = 0; rows !== undefined && i < rows.count; i++) {
      if (breath.due()) await breath.rest();
      if (!rows.text(i).includes(text)) continue;
      if (!isOfInterconnection(table, rows.row(i), kubernetes.isHere)) continue;
      const uuids = found.get(table) ?? new Set();
      found.set(table, uuids.add(rows.uuid(i)));
    }
  }
  return found;
}

function hasText(rows: TableRows | undefined, text: string): boolean {
  const sought = Buffer.from(text);
  for (let i = 0; rows !== undefined && i < rows.count; i++) if (rows.text(i).includes(sought)) return true;
  return false;
}

/** Whether ovn-ic is at work here, as far as the database tells: it has rows in it, or is told to learn. */
function isLearning({ tables }: Snapshot, learned: RowSets): boolean {
  const global = tables.get('NB_Global');
  return learned.size > 0 || (global !== undefined && global.count > 0 && learnsRoutes(global.row(0)));
}
