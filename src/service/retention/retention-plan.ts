/**
 * Retention: which backups a policy keeps, each with the reasons why, and which expire. Pure. A backup is kept if any
 * rule keeps it. Rules count in each group by itself; whatever the policy says, no group loses its newest good backup,
 * and no backup loses what it builds on. A backup that says that it was made after now counts for no rule either, but
 * it stays: a clock was wrong, and nobody knows how old it is.
 */
import { Temporal } from 'temporal-polyfill';
import { beginOf, PERIOD_RULES, type PeriodRule, periodOf, type RetentionPolicy } from './retention-policy.js';

/** What retention knows of a backup. */
export interface RetainedBackup {
  readonly id: string;
  /** As messages name it. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Backups of one group stand for each other: they are of the same database, filter and origin. */
  readonly group: string;
  /** Id of the database that it is of. */
  readonly database: string;
  readonly tags: readonly string[];
  readonly isPinned: boolean;
  /** It, or what it builds on, was found damaged, or a part of that is lost. It counts for no rule. */
  readonly isDamaged: boolean;
  /** Read back whole, and found good. */
  readonly isVerified: boolean;
  /** A job or a restore reads it now. */
  readonly isInUse: boolean;
  /** What it builds on, as far as that is there. */
  readonly parentId?: string | undefined;
  /** False: the policy does not say anything of it, and it stays. */
  readonly isMeant: boolean;
}

export interface KeptBackup {
  readonly id: string;
  /** Such as "daily 3 of 7". At least one. */
  readonly reasons: readonly string[];
}

export interface RetentionPlan {
  /** Of those that are meant, newest first. */
  readonly kept: readonly KeptBackup[];
  /** Newest first: each stands before what it builds on. */
  readonly expired: readonly string[];
}

export interface RetentionMoment {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** IANA name. */
  readonly timeZone: string;
}

const PERIOD_WORDS: Readonly<Record<PeriodRule, string>> = {
  keepHourly: 'hourly',
  keepDaily: 'daily',
  keepWeekly: 'weekly',
  keepMonthly: 'monthly',
  keepYearly: 'yearly',
};

/** @param backups all that there are, in any order @param policy with one rule at least */
export function planRetention(
  backups: readonly RetainedBackup[],
  policy: RetentionPolicy,
  moment: RetentionMoment,
): RetentionPlan {
  const newestFirst = [...backups].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  const reasons = new Map<string, string[]>(newestFirst.map(({ id }) => [id, []]));
  const keep = ({ id }: RetainedBackup, reason: string): void => void reasons.get(id)?.push(reason);
  for (const group of groupsOf(newestFirst.filter(({ isMeant }) => isMeant))) {
    const good = group.filter(({ isDamaged, createdAt }) => !isDamaged && createdAt <= moment.now);
    good.slice(0, 1).forEach((backup) => keep(backup, 'newest'));
    const verified = good.find(({ isVerified }) => isVerified);
    if (verified !== undefined) keep(verified, 'newest that was verified');
    keepByRules(good, policy, moment, keep);
  }
  for (const backup of newestFirst) {
    if (backup.isPinned) keep(backup, 'pinned');
    if (backup.isInUse) keep(backup, 'in use');
    if (backup.createdAt > moment.now) keep(backup, 'from the future');
  }
  keepParents(newestFirst, reasons);
  const kept = newestFirst.filter(({ id, isMeant }) => isMeant && (reasons.get(id) ?? []).length > 0);
  return {
    kept: kept.map(({ id }) => ({ id, reasons: reasons.get(id) ?? [] })),
    expired: childrenFirst(newestFirst.filter(({ id, isMeant }) => isMeant && reasons.get(id)?.length === 0)),
  };
}

function groupsOf(backups: readonly RetainedBackup[]): readonly (readonly RetainedBackup[])[] {
  const groups = new Map<string, RetainedBackup[]>();
  for (const backup of backups) {
    const group = groups.get(backup.group);
    if (group === undefined) groups.set(backup.group, [backup]);
    else group.push(backup);
  }
  return [...groups.values()];
}

/** @param good of one group, newest first */
function keepByRules(
  good: readonly RetainedBackup[],
  policy: RetentionPolicy,
  { now, timeZone }: RetentionMoment,
  keep: (backup: RetainedBackup, reason: string) => void,
): void {
  const { keepLast = 0, keepWithin, keepTags } = policy;
  good.slice(0, keepLast).forEach((backup, i) => keep(backup, `last ${i + 1} of ${keepLast}`));
  const seen = new Map<PeriodRule, Set<string>>(PERIOD_RULES.map((rule) => [rule, new Set()]));
  const begin = keepWithin === undefined ? Infinity : beginOf(keepWithin, now, timeZone);
  for (const backup of good) {
    const open = [...seen].filter(([rule, periods]) => periods.size < (policy[rule] ?? 0));
    const zoned = open.length === 0 ? undefined : zonedTime(backup.createdAt, timeZone);
    for (const [rule, periods] of zoned === undefined ? [] : open) {
      const period = periodOf(rule, zoned as Temporal.ZonedDateTime);
      if (periods.has(period)) continue;
      periods.add(period);
      keep(backup, `${PERIOD_WORDS[rule]} ${periods.size} of ${policy[rule] ?? 0}`);
    }
    if (backup.createdAt >= begin) keep(backup, `within ${keepWithin}`);
    const tag = keepTags.find((wanted) => backup.tags.includes(wanted));
    if (tag !== undefined) keep(backup, `tag "${tag}"`);
  }
}

function zonedTime(ms: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
}

/** What a backup that stays builds on stays too, down to the one that stands by itself. */
function keepParents(newestFirst: readonly RetainedBackup[], reasons: ReadonlyMap<string, string[]>): void {
  const byId = new Map(newestFirst.map((backup) => [backup.id, backup]));
  const stay = newestFirst.filter(({ id, isMeant }) => !isMeant || (reasons.get(id)?.length ?? 0) > 0);
  for (let child = stay.pop(); child !== undefined; child = stay.pop()) {
    const parent = child.parentId === undefined ? undefined : byId.get(child.parentId);
    const why = parent && reasons.get(parent.id);
    if (parent === undefined || why === undefined || why.some((reason) => reason.startsWith('parent of '))) continue;
    const isNew = parent.isMeant && why.length === 0;
    why.push(parentOf(child, parent));
    if (isNew) stay.push(parent);
  }
}

/** A reason to stay. Who may see a backup may not have to do with the database of one that builds on it. */
export function parentOf(
  child: Pick<RetainedBackup, 'id' | 'name' | 'database'>,
  parent: Pick<RetainedBackup, 'database'>,
): string {
  return child.database === parent.database
    ? `parent of "${child.name}" (${child.id})`
    : 'parent of a backup of another database';
}

/** Newest first, but each before what it builds on: clocks may have gone back between the two. */
function childrenFirst(expired: readonly RetainedBackup[]): readonly string[] {
  const children = new Map<string, RetainedBackup[]>();
  for (const backup of expired)
    if (backup.parentId !== undefined)
      children.set(backup.parentId, [...(children.get(backup.parentId) ?? []), backup]);
  const listed = new Set<string>();
  const list = (backup: RetainedBackup): void => {
    if (listed.has(backup.id)) return;
    const pending = (children.get(backup.id) ?? []).filter(({ id }) => !listed.has(id));
    // a manifest that somebody wrote may lead round in a circle
    children.delete(backup.id);
    for (const child of pending) list(child);
    listed.add(backup.id);
  };
  for (const backup of expired) list(backup);
  return [...listed];
}
