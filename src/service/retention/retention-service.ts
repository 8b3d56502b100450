/** Retention at work: which backups a policy keeps now, and taking away the others. */
import { type Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/error.js';
import type { Log } from '../../lib/log.js';
import { plural } from '../../lib/text/plural.js';
import type { AuditLines } from '../audit/audit-line.js';
import type { BackupRecord } from '../backup/backup-record.js';
import type { BackupService } from '../backup/backup-service.js';
import type { Catalog } from '../backup/catalog/catalog.js';
import type { BackupFilter } from '../backup/catalog/catalog-page.js';
import { childrenOf, isWhole, resolve } from '../backup/catalog/chain.js';
import type { Caller } from '../command/call.js';
import type { Reach } from '../command/reach.js';
import type { JobHandle, Jobs } from '../job/jobs.js';
import { isFinal } from '../restore/life/life.js';
import type { RestoreService } from '../restore/restore-service.js';
import { parentOf, planRetention, type RetainedBackup } from './retention-plan.js';
import type { RetentionPolicy } from './retention-policy.js';

export interface RetentionServiceParts {
  readonly backups: BackupService;
  readonly catalog: Catalog;
  readonly jobs: Jobs;
  readonly audit: AuditLines;
  readonly clock: Clock;
  readonly log: Log;
  readonly restores: Pick<RestoreService, 'list'>;
}

export interface RetentionRequest {
  readonly policy: RetentionPolicy;
  /** The backups that the policy is for; the others stay. */
  readonly filter: BackupFilter;
  /** IANA name. */
  readonly timeZone: string;
  /** Backups beyond it stay, and nothing is said of them. */
  readonly reach: Pick<Reach, 'has'>;
}

export interface RetentionReport {
  readonly dryRun: boolean;
  readonly kept: readonly { readonly backup: BackupRecord; readonly reasons: readonly string[] }[];
  /** That are gone, or would be: as they were. */
  readonly expired: readonly BackupRecord[];
  /** Of their stored files. */
  readonly bytesFreed: number;
}

export class RetentionService {
  constructor(private readonly parts: RetentionServiceParts) {}

  /** What the policy would do now. @throws AppError BAD_USER_INPUT for a tag that no backup has; NOT_FOUND as lists */
  plan({ policy, filter, timeZone, reach }: RetentionRequest): RetentionReport {
    const { backups, catalog, clock } = this.parts;
    const all = catalog.all({});
    const unknown = policy.keepTags.find(
      (tag) => !catalog.all({ tags: [tag] }).some(({ database }) => reach.has(database)),
    );
    if (unknown !== undefined)
      throw new AppError(
        'BAD_USER_INPUT',
        `\`keepTags\`: no backup has the tag "${unknown}", so the policy would not keep what it is meant to keep`,
      );
    const inUse = this.inUse();
    const seen = backups.list(filter).filter(({ database }) => reach.has(database));
    const meant = new Set(seen.map(({ id }) => id));
    const { kept, expired } = planRetention(
      all.map((record) => this.retained(record, meant.has(record.id), inUse)),
      policy,
      { now: clock.now(), timeZone },
    );
    return reportOf(
      true,
      kept.map(({ id, reasons }) => ({ backup: catalog.get(id), reasons })),
      expired.map((id) => catalog.get(id)),
    );
  }

  /**
   * Takes away what the policy does not keep, one backup after the other, those first that build on others. What is
   * pinned, used or built on meanwhile stays, with that as its reason. A crash leaves the rest for the next time.
   * @throws AppError as plan; SHUTTING_DOWN, CANCELLED, STORE_UNAVAILABLE: what is gone until then is gone
   */
  async expire(request: RetentionRequest, caller: Caller, signal?: AbortSignal): Promise<RetentionReport> {
    const plan = this.plan(request);
    const [first] = plan.expired;
    if (first === undefined) return { ...plan, dryRun: false };
    const { done } = this.parts.jobs.start(
      {
        kind: 'EXPIRE',
        database: request.filter.database ?? first.database,
        databases: [...new Set(plan.expired.map(({ database }) => database))],
        subject: caller.subject,
        signal,
        message: plural(plan.expired.length, 'Taking # {backup|backups} away'),
      },
      (job) => this.takeAway(plan, caller, job),
      ({ expired, bytesFreed }) => ({
        message: plural(expired.length, `# {backup is|backups are} gone: ${bytesFreed} bytes`),
      }),
    );
    return done;
  }

  private async takeAway(plan: RetentionReport, caller: Caller, job: JobHandle): Promise<RetentionReport> {
    const { backups, catalog, audit, log } = this.parts;
    const kept = [...plan.kept];
    const expired: BackupRecord[] = [];
    await Promise.resolve(); // the job is listed before anything is gone
    for (const { id } of plan.expired) {
      job.signal.throwIfAborted();
      const record = catalog.find(id);
      if (record === undefined) continue;
      const reason = this.reasonToStay(record);
      if (reason !== undefined) {
        kept.push({ backup: record, reasons: [reason] });
        continue;
      }
      await backups.delete(id, { subject: caller.subject, signal: job.signal });
      await audit.record({
        ...caller,
        action: 'deleteBackup',
        target: { backupId: id, name: record.name, database: record.database, jobId: job.id },
        result: 'OK',
      });
      expired.push(record);
      const fraction = expired.length / plan.expired.length;
      job.tell({ phase: 'STORING', fraction, message: `${expired.length} of ${plan.expired.length} are gone` }, false);
    }
    log.info({ expired: expired.length, kept: kept.length, subject: caller.subject }, 'backups expired');
    return reportOf(false, kept, expired);
  }

  /** What has changed since the plan. */
  private reasonToStay(record: BackupRecord): string | undefined {
    if (record.pinned === true) return 'pinned';
    if (this.inUse().has(record.id)) return 'in use';
    const [child] = childrenOf(record, this.parts.catalog);
    return child === undefined ? undefined : parentOf(child, record);
  }

  private retained(record: BackupRecord, isMeant: boolean, inUse: ReadonlySet<string>): RetainedBackup {
    const { id, name, database, createdAt, tags, pinned = false, verifiedAt, parent } = record;
    const isGood = isWhole(record, this.parts.catalog);
    return {
      id,
      name,
      createdAt: Date.parse(createdAt),
      group: groupOf(record),
      database,
      tags,
      isPinned: pinned,
      isDamaged: !isGood,
      isVerified: isGood && verifiedAt !== undefined,
      isInUse: inUse.has(id),
      parentId: parent && resolve(parent, this.parts.catalog, record.database)?.id,
      isMeant,
    };
  }

  private inUse(): ReadonlySet<string> {
    const { jobs, restores } = this.parts;
    // until its end a restore may read its backup again
    const restored = restores.list().flatMap(({ phase, backupId }) => (isFinal(phase) ? [] : backupId));
    return new Set([...jobs.backupsInUse(), ...restored]);
  }
}

/**
 * Backups that stand for each other. A backup of a part does not stand for one of the whole database, one that somebody
 * brought does not stand for one of this network, and one whose rows nobody knows does not stand for one that is known.
 */
function groupOf({ database, resourceFilter, origin, sealed = false }: BackupRecord): string {
  return JSON.stringify([database, resourceFilter ?? null, origin, sealed]);
}

function reportOf(dryRun: boolean, kept: RetentionReport['kept'], expired: readonly BackupRecord[]): RetentionReport {
  return { dryRun, kept, expired, bytesFreed: expired.reduce((sum, { size }) => sum + size, 0) };
}
