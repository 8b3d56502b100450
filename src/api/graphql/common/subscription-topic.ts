/**
 * What subscriptions follow: to type-graphql the feeds of the services are a PubSub, whose topics are kinds of
 * work and whose dynamic ids are jobs, drills and restores. The feeds themselves are the publishers.
 */
import type { PubSub } from 'type-graphql';
import { assert, unreachable } from '../../../lib/assert.js';
import type { DrillService } from '../../../service/drill/drill-service.js';
import type { Jobs } from '../../../service/job/jobs.js';
import type { RestoreService } from '../../../service/restore/restore-service.js';

export const FOLLOW_JOB = 'job';
export const FOLLOW_JOBS = 'jobs';
export const FOLLOW_DRILL = 'drill';
export const FOLLOW_RESTORE = 'restore';
export const FOLLOW_RESTORES = 'restores';

export interface FollowedServices {
  readonly jobs: Jobs;
  readonly restores: RestoreService;
  readonly drills: DrillService;
}

/** Subscribing throws AppError NOT_FOUND for an id that there is not. */
export function followServices({ jobs, restores, drills }: FollowedServices): PubSub {
  return {
    subscribe: (topic, id) => {
      if (topic === FOLLOW_RESTORES) return restores.followAll();
      if (topic === FOLLOW_JOBS) return jobs.followAll();
      assert(typeof id === 'string', 'a subscription without an id');
      if (topic === FOLLOW_DRILL) return drills.follow(id);
      return topic === FOLLOW_RESTORE ? restores.follow(id) : jobs.follow(id);
    },
    publish: (topic) => unreachable(topic as never),
  };
}
