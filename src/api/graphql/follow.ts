/**
 * What subscriptions follow. type-graphql makes their `subscribe` functions of classes, which know no instance: the schema
 * that an operation runs on tells whose services are meant.
 */
import type { GraphQLSchema } from 'graphql';
import { assert } from '../../lib/assert.js';
import { AppError } from '../../lib/error.js';
import type { BackupProgress, BackupService } from '../../service/backup.js';
import type { Restore, RestoreProgress, RestoreService } from '../../service/restore.js';

export interface RestoreEvent {
  readonly restore: Restore;
  readonly progress: RestoreProgress;
}

export interface Followed {
  /** @throws AppError NOT_FOUND */
  backup(jobId: string): AsyncIterable<BackupProgress>;
  /** @throws AppError NOT_FOUND */
  restore(id: string): AsyncIterable<RestoreEvent>;
}

const bySchema = new WeakMap<GraphQLSchema, Followed>();

export function follow(schema: GraphQLSchema, backups: BackupService, restores: RestoreService): void {
  bySchema.set(schema, {
    backup: (jobId) => {
      const job = backups.job(jobId);
      if (job === undefined) throw new AppError('NOT_FOUND', `Backup job not found: ${jobId}`);
      return job.feed.follow();
    },
    restore: (id) => events(restores.get(id)),
  });
}

async function* events(restore: Restore): AsyncGenerator<RestoreEvent> {
  for await (const progress of restore.feed.follow()) yield { restore, progress };
}

export function followedBy(schema: GraphQLSchema): Followed {
  const followed = bySchema.get(schema);
  assert(followed !== undefined, 'a subscription runs on a schema without services');
  return followed;
}
