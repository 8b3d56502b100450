/** X-Debug: true - what a restore did, phase by phase and row by row, in the answer and in the log. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Log } from '../../../lib/log.js';
import type { ProgressFeed } from '../../../service/job/progress-feed.js';
import type { RestoreProgress } from '../../../service/restore/record/restore-progress.js';
import type { RestoreRecord } from '../../../service/restore/record/restore-record.js';
import type { changesOf } from '../common/change-answer.js';
import type { Debug } from './restore-answer.js';

export function isDebugged(headers: IncomingHttpHeaders): boolean {
  return headers['x-debug'] === 'true';
}

/** Follows a restore and notes when its phases begin. */
export class PhaseTimes {
  private readonly steps: RestoreProgress[] = [];
  private readonly states: AsyncIterableIterator<RestoreProgress>;
  private readonly followed: Promise<void>;

  constructor(feed: ProgressFeed<RestoreProgress>) {
    this.states = feed.follow((state) => state);
    this.followed = this.follow();
  }

  /** Stops following a restore that failed. */
  async end(): Promise<void> {
    await this.states.return?.();
    await this.followed;
  }

  /** What is told, once the restore has ended or awaits confirmation; logged too. */
  async debug(record: RestoreRecord, changes: ReturnType<typeof changesOf>, log: Log): Promise<Debug> {
    await this.followed;
    const phases = this.steps.map(({ phase, at, message }, i) => ({
      phase: phase.toLowerCase(),
      at,
      seconds: (Date.parse(this.steps[i + 1]?.at ?? at) - Date.parse(at)) / 1_000,
      message,
    }));
    const { id, source, database, dryRun, force, verify, sync, result } = record;
    const { mapping = [], ...asked } = source.kind === 'BACKUP' ? source : { ...source, mapping: [] };
    log.info(
      {
        restore: id,
        ...asked,
        database,
        dryRun,
        force,
        mappings: mapping.length,
        verify,
        sync,
        phases,
        result,
        changes: changes.changes_total,
      },
      'restore in detail',
    );
    return { phases, ...changes };
  }

  private async follow(): Promise<void> {
    for await (const state of this.states) {
      if (this.steps.at(-1)?.phase === state.phase)
        this.steps[this.steps.length - 1] = { ...state, at: this.steps.at(-1)?.at ?? state.at };
      else this.steps.push(state);
      if (state.phase === 'AWAITING_CONFIRMATION') return;
    }
  }
}
