/**
 * Chains: an incremental backup, the one that it builds on, and so on down to one that stands by itself. Pure functions
 * over the records that there are.
 */
import type { ParentLink } from '../../../archive/content/archive-header.js';
import { AppError } from '../../../lib/error.js';
import type { BackupRecord } from '../backup-record.js';

/** What is known of backups: the catalog fits. */
export interface Backups {
  find(id: string): BackupRecord | undefined;
  /** @throws AppError NOT_FOUND */
  get(id: string): BackupRecord;
  /** Newest first. */
  all(filter: { readonly database?: string }): readonly BackupRecord[];
}

/** How a backup is named in messages. */
export function called({ name, id, createdAt }: BackupRecord): string {
  return `"${name}" of ${createdAt} (${id})`;
}

/** The record and what it builds on, down to one that stands by itself or the last one before one that is lost. */
function knownChain(record: BackupRecord, backups: Backups): readonly BackupRecord[] {
  const chain: BackupRecord[] = [];
  for (let at: BackupRecord | undefined = record; at !== undefined && !chain.includes(at); ) {
    chain.push(at);
    at = at.parent && resolve(at.parent, backups, at.database);
  }
  return chain;
}

/** Ids of the databases that it, and all that it builds on, are of. */
export function databasesOfChain(record: BackupRecord, backups: Backups): readonly string[] {
  return [...new Set(knownChain(record, backups).map(({ database }) => database))];
}

/** Whether all that it builds on is there and its rows are known, and nothing of the chain was found damaged. */
export function isWhole(record: BackupRecord, backups: Backups): boolean {
  const chain = knownChain(record, backups);
  // what is left to build on is lost, or leads round in a circle
  if (chain.at(-1)?.parent !== undefined) return false;
  return chain.every(({ sealed, damage }, i) => damage === undefined && (i === 0 || sealed !== true));
}

/** Whether it can be restored, as far as it is known: its rows are known too. */
function stands(record: BackupRecord, backups: Backups): boolean {
  return record.sealed !== true && isWhole(record, backups);
}

/** How many backups have to be read for it, itself included; also one that is lost. */
export function chainLength(record: BackupRecord, backups: Backups): number {
  const chain = knownChain(record, backups);
  return chain.length + (chain.at(-1)?.parent === undefined ? 0 : 1);
}

/**
 * The backup that a link leads to. Where that is lost, one that stands by itself and has the same rows takes its place,
 * such as its own file that was imported again.
 * @param home id of the database whose backups take its place before those of others
 */
export function resolve(
  { id, contentDigest }: ParentLink,
  backups: Backups,
  home: string | undefined,
): BackupRecord | undefined {
  const linked = backups.find(id);
  if (linked?.contentDigest === contentDigest) return linked;
  const same = backups
    .all({})
    .filter(
      ({ contentDigest: digest, parent, sealed, damage }) =>
        digest === contentDigest && parent === undefined && sealed !== true && damage === undefined,
    );
  const own = same.filter(({ database }) => database === home);
  const best = own.length > 0 ? own : same;
  return best.find(({ encrypted }) => !encrypted) ?? best[0];
}

/** The same, but only backups of databases that `has` names take the place of others. */
export function standingIn(backups: Backups, has: (database: string) => boolean): Backups {
  return {
    find: (id) => backups.find(id),
    get: (id) => backups.get(id),
    all: (filter) => backups.all(filter).filter(({ database }) => has(database)),
  };
}

/** What a backup builds on. @throws AppError INTEGRITY_FAILED when that is not there, or not what it was */
export function linkedParent(record: BackupRecord, link: ParentLink, backups: Backups): BackupRecord {
  const parent = resolve(link, backups, record.database);
  if (parent !== undefined) return parent;
  const other = backups.find(link.id);
  const what =
    other === undefined
      ? `backup ${link.id}, which is not here any more: it cannot be read without it`
      : `${called(other)}, but that one has other rows now than it had then`;
  throw new AppError(
    'INTEGRITY_FAILED',
    `Backup ${called(record)} builds on ${what}. ${insteadOf(record, link.id, backups)}`,
  );
}

/** From the one that stands by itself to the record. @throws AppError INTEGRITY_FAILED as linkedParent */
export function chainOf(record: BackupRecord, backups: Backups): readonly BackupRecord[] {
  const chain = [record];
  for (let link = record.parent; link !== undefined; link = chain[0]?.parent) {
    const parent = linkedParent(chain[0] as BackupRecord, link, backups);
    // a manifest that somebody wrote may lead round in a circle
    if (chain.includes(parent))
      throw new AppError(
        'INTEGRITY_FAILED',
        `Backup ${called(record)} builds on itself, by way of ${called(parent)}: a manifest was changed. ` +
          insteadOf(record, parent.id, backups),
      );
    chain.unshift(parent);
  }
  return chain;
}

/** Whether it, or one that it builds on, is encrypted, as far as it is known. */
export function needsKey(record: BackupRecord, backups: Backups): boolean {
  return record.encrypted || knownChain(record, backups).some(({ encrypted }) => encrypted);
}

/** Bytes of content that have to be read for it, as far as they are known. */
export function chainContentSize(record: BackupRecord, backups: Backups): number {
  return knownChain(record, backups).reduce((sum, { contentSize }) => sum + contentSize, 0);
}

/** Those that build on it directly, newest first. */
export function childrenOf({ id, contentDigest }: BackupRecord, backups: Backups): readonly BackupRecord[] {
  return backups
    .all({})
    .filter(
      ({ parent, database }) =>
        parent?.contentDigest === contentDigest && resolve(parent, backups, database)?.id === id,
    );
}

/** Those that build on it, directly or not: each stands before the ones that build on it. */
export function descendantsOf(record: BackupRecord, backups: Backups): readonly BackupRecord[] {
  const found = new Set<BackupRecord>();
  const add = (parent: BackupRecord): void => {
    for (const child of childrenOf(parent, backups)) {
      // a manifest that somebody wrote may lead round in a circle
      if (child === record || found.has(child)) continue;
      found.add(child);
      add(child);
    }
  };
  add(record);
  return [...found];
}

/** What can be restored where a backup cannot, because one that it needs is lost or damaged: a sentence. */
export function insteadOf(record: BackupRecord, lostId: string, backups: Backups): string {
  const other = backups
    .all({ database: record.database })
    .find(
      (candidate) =>
        candidate.createdAt <= record.createdAt &&
        candidate.id !== record.id &&
        (candidate.resourceFilter === undefined) === (record.resourceFilter === undefined) &&
        stands(candidate, backups) &&
        knownChain(candidate, backups).every(({ id }) => id !== lostId),
    );
  return other === undefined
    ? 'No earlier backup of this database can be restored without it'
    : `The newest before it that can be restored is ${called(other)}`;
}
