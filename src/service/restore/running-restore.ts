/** A restore that this process carries out: what is known of it beside its record. */
import type { RestorePlanner } from './planner/restore-planner.js';
import type { OpenRestore } from './record/restore-registry.js';
import type { Caller } from './restore-request.js';

/** What whoever waits for a restore is told, once: it has ended, awaits confirmation, or its end is not seen. */
export class Answer {
  readonly given: Promise<void>;
  private settle: { resolve(): void; reject(error: unknown): void } = { resolve: () => {}, reject: () => {} };

  constructor() {
    this.given = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.given.catch(() => undefined); // it is the business of whoever waits
  }

  give(error?: unknown): void {
    if (error === undefined) this.settle.resolve();
    else this.settle.reject(error);
  }
}

export interface RunningRestore {
  readonly restore: OpenRestore;
  readonly planner: RestorePlanner;
  readonly caller: Caller;
  /** Whether the caller waits, and writes the end into the audit trail. */
  readonly wait: boolean;
  /** It waits for a restore that awaits its confirmation; otherwise it is refused then. */
  readonly queue: boolean;
  readonly cancel: AbortController;
  readonly answer: Answer;
}

export function runningRestore(given: Omit<RunningRestore, 'cancel' | 'answer'>): RunningRestore {
  return { ...given, cancel: new AbortController(), answer: new Answer() };
}
