// Runs the files that take longest first, so that the workers end together: on a fresh machine jest knows no
// times. The seconds need not be right, only their order; a file that is not here counts by its size.
import { statSync } from 'node:fs';
import { relative } from 'node:path';
import Sequencer from '@jest/test-sequencer';

const SECONDS = {
  'functional/server/crash': 80,
  'functional/restore/life': 75,
  'functional/engine/restore-law': 75,
  'functional/restore/cluster-restore': 70,
  'functional/engine/restore-policy': 50,
  'functional/server/fuzz': 50,
  'functional/engine/selective-restore': 50,
  'functional/engine/steps-law': 45,
  'functional/operator/scripts': 45,
  'functional/backup/damaged-backup': 40,
  'unit/archive/damaged-archive': 40,
  'functional/restore/roundtrip': 40,
  'functional/transfer/broken-transfer': 40,
  'functional/archive/flat-memory': 40,
  'functional/transfer/export-service': 35,
  'api/rest/api-page': 35,
  'api/http/ide-page': 35,
  'unit/engine/undo-law': 35,
  'functional/engine/undo-in-use': 35,
  'functional/transfer/import-service': 30,
  'api/graphql/backup': 30,
  'api/graphql/restore': 30,
  'api/rest/lenient-request': 30,
  'unit/archive/archive': 30,
  'functional/engine/data-plane': 30,
  'functional/engine/changed-uuids': 25,
  'api/http/hostile-client': 25,
  'api/graphql/import': 25,
  'api/graphql/undo': 25,
  'functional/archive/cluster-file': 25,
  'functional/capture/cluster-capture': 25,
  'api/rest/hostile-request': 25,
  'functional/operator/manual': 25,
  'functional/restore/concurrent-writer': 20,
  'api/graphql/restore-progress': 20,
  'functional/server/ssl-remote': 20,
  'functional/server/audit-after-crash': 20,
  'functional/engine/working-copy-network': 20,
  'functional/server/load': 20,
  'unit/archive/raft-reader': 20,
  'api/graphql/selective-backup': 20,
  'functional/capture/capture': 15,
  'functional/restore/whole-chassis': 15,
  'functional/server/disk-full': 15,
  'functional/engine/schema-versions': 15,
  'functional/releases/data-plane': 15,
  'functional/releases/cluster': 15,
  'functional/releases/round-trip': 10,
  'functional/engine/converge': 15,
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
