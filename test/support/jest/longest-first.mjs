// Runs the files that take longest first, so that the two workers end together: on a fresh machine jest knows no
// times. The seconds need not be right, only their order; a file that is not here counts by its size.
import { statSync } from 'node:fs';
import { relative } from 'node:path';
import Sequencer from '@jest/test-sequencer';

const SECONDS = {
  'unit/archive/damaged-archive': 60,
  'functional/restore/cluster-restore': 60,
  'functional/engine/steps-law': 55,
  'functional/server/crash': 50,
  'functional/archive/flat-memory': 50,
  'functional/archive/cluster-file': 40,
  'unit/archive/archive': 40,
  'functional/transfer/import-service': 40,
  'functional/server/fuzz': 40,
  'functional/transfer/export-service': 35,
  'functional/engine/data-plane': 35,
  'functional/operator/scripts': 30,
  'functional/backup/damaged-backup': 30,
  'functional/engine/selective-restore': 30,
  'functional/engine/restore-policy': 25,
  'functional/restore/concurrent-writer': 25,
  'functional/engine/restore-law': 25,
  'functional/engine/working-copy-network': 20,
  'functional/server/audit-after-crash': 20,
  'functional/server/load': 20,
  'functional/server/disk-full': 15,
  'functional/capture/cluster-capture': 20,
  'functional/capture/capture': 15,
  'functional/engine/schema-versions': 15,
  'functional/engine/converge': 15,
  'api/http/hostile-client': 20,
  'api/rest/lenient-request': 15,
  'api/rest/api-page': 15,
  'api/graphql/import': 20,
  'api/graphql/selective-backup': 20,
  'api/graphql/undo': 20,
  'api/graphql/restore': 15,
  'api/graphql/backup': 15,
  'api/graphql/restore-progress': 15,
  'unit/model/scratch-rows': 15,
  'unit/engine/adapt': 15,
};
const BYTES_PER_SECOND = 4_000;

function secondsOf({ path, context }) {
  const name = relative(`${context.config.rootDir}/test`, path).replace(/\.test\.ts$/, '');
  return SECONDS[name] ?? statSync(path).size / BYTES_PER_SECOND;
}

export default class LongestFirst extends Sequencer {
  sort(tests) {
    return [...tests].sort((a, b) => secondsOf(b) - secondsOf(a));
  }
}
