/** Choosing what an incremental backup builds on, or saying why it has to be a whole one. Pure. */
import type { ResourceFilter } from '../../../engine/scope/scope.js';
import { AppError } from '../../../lib/error.js';
import { plural } from '../../../lib/text/plural.js';
import type { BackupRecord } from '../backup-record.js';
import { type Backups, called, chainOf } from '../catalog/chain.js';

export interface ParentQuestion {
  readonly database: string;
  readonly filter: ResourceFilter | undefined;
  /** The one that is asked for; left out: the newest suitable one. */
  readonly parentId?: string | undefined;
  readonly isEncrypted: boolean;
}

/** The parent, or why there is none: a sentence. */
export type ParentChoice =
  | { readonly parent: BackupRecord; readonly why?: undefined }
  | { readonly parent?: undefined; readonly why: string };

/** Longer chains take too long to read, and too much is lost with one of them. */
export const CHAIN_LENGTH_MAX = 24;

/** @throws AppError NOT_FOUND, BAD_USER_INPUT for a parent that is asked for and cannot be one */
export function chooseParent(question: ParentQuestion, backups: Backups): ParentChoice {
  const parent = question.parentId === undefined ? newestSuitable(question, backups) : named(question, backups);
  if (parent === undefined) return { why: 'there is no earlier one with the same filter that it could build on' };
  const chain = chainOf(parent, backups);
  if (chain.length >= CHAIN_LENGTH_MAX)
    return { why: `the chain of ${called(parent)} has ${plural(CHAIN_LENGTH_MAX, '# {backup|backups}')} already` };
  const [first, ...links] = chain;
  const linked = links.reduce((sum, { size }) => sum + size, 0);
  if (first !== undefined && linked > first.size)
    return { why: `what builds on ${called(first)} has more bytes already than that one itself` };
  return { parent };
}

/** Why the rows of another database, or of another schema, are no changes of this one's: a sentence. */
export function misfitOf(
  parent: BackupRecord,
  now: { readonly identity: string | undefined; readonly schemaVersion: string; readonly hasSameSchema: boolean },
): string | undefined {
  if (parent.identity !== undefined && now.identity !== undefined && parent.identity !== now.identity)
    return `${called(parent)} is of another database: this one was made anew since`;
  if (!now.hasSameSchema)
    return (
      `the schema has changed since ${called(parent)}: it had version ${parent.schemaVersion}, and now has ` +
      now.schemaVersion
    );
  return undefined;
}

/** The newest backup of the same database and filter. */
export function newestAlike(
  { database, filter }: Pick<ParentQuestion, 'database' | 'filter'>,
  backups: Backups,
): BackupRecord | undefined {
  return alike({ database, filter }, backups)[0];
}

function alike(
  { database, filter }: Pick<ParentQuestion, 'database' | 'filter'>,
  backups: Backups,
): readonly BackupRecord[] {
  return backups
    .all({ database })
    .filter(
      ({ origin, sealed, damage, resourceFilter }) =>
        origin === 'CAPTURED' &&
        sealed !== true &&
        damage === undefined &&
        filterText(resourceFilter) === filterText(filter),
    );
}

function newestSuitable(question: ParentQuestion, backups: Backups): BackupRecord | undefined {
  return alike(question, backups).find((record) => {
    const chain = wholeChain(record, backups);
    return chain !== undefined && (question.isEncrypted || !chain.some(({ encrypted }) => encrypted));
  });
}

function named(question: ParentQuestion, backups: Backups): BackupRecord {
  const { parentId = '', database, filter } = question;
  const parent = backups.get(parentId);
  const refusal =
    parent.database !== database
      ? `is of the database ${parent.database}, and not of ${database}`
      : parent.sealed === true
        ? 'is sealed: validate it with its key first'
        : filterText(parent.resourceFilter) !== filterText(filter)
          ? 'was made with another resource filter'
          : !question.isEncrypted && chainOf(parent, backups).some(({ encrypted }) => encrypted)
            ? 'is encrypted: encrypt this one too, with the same passphrase'
            : undefined;
  if (refusal !== undefined)
    throw new AppError('BAD_USER_INPUT', `No backup can build on ${called(parent)}: it ${refusal}`);
  return parent;
}

/** Undefined where one of the chain is lost, or known to be damaged. */
function wholeChain(record: BackupRecord, backups: Backups): readonly BackupRecord[] | undefined {
  try {
    const chain = chainOf(record, backups);
    return chain.every(({ damage }) => damage === undefined) ? chain : undefined;
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

/** The same text for the same filter, however its members are ordered. */
function filterText(filter: ResourceFilter | undefined): string {
  if (filter === undefined) return '';
  const entries = Object.entries(filter).filter(([, value]) => value !== undefined);
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
