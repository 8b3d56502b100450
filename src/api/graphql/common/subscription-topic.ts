/**
 * What subscriptions follow: to type-graphql the feeds of the services are a PubSub, whose topics are kinds of
 * work and whose dynamic ids are jobs and restores. The feeds themselves are the publishers.
 */
import type { PubSub } from 'type-graphql';
import { assert, unreachable } from '../../../lib/assert.js';
import { AppError } from '../../../lib/error.js';
import type { BackupService } from '../../../service/backup/backup-service.js';
import type { RestoreService } from '../../../service/restore/restore-service.js';

export const FOLLOW_BACKUP = 'backup';
export const FOLLOW_RESTORE = 'restore';
export const FOLLOW_RESTORES = 'restores';

/** Subscribing throws AppError NOT_FOUND for an id that there is not. */
export function followServices(backups: BackupService, restores: RestoreService): PubSub {
  return {
    subscribe: (topic, id) => {
      if (topic === FOLLOW_RESTORES) return restores.followAll();
      assert(typeof id === 'string', 'a subscription without an id');
      if (topic === FOLLOW_RESTORE) return restores.follow(id);
      const job = backups.job(id);
      if (job === undefined) throw new AppError('NOT_FOUND', `Backup job not found: ${id}`);
      return job.feed.follow((progress) => progress);
    },
    publish: (topic) => unreachable(topic as never),
  };
}
