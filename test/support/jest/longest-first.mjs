// Runs the files that take longest first, so that the workers end together: on a fresh machine jest knows no
// times. The seconds need not be right, only their order; a file that is not here counts by its size.
import { statSync } from 'node:fs';
import { relative } from 'node:path';
import Sequencer from '@jest/test-sequencer';

const SECONDS = {
  'functional/server/relay': 90,
  'functional/restore/life': 60,
  'functional/server/crash': 60,
  'functional/restore/cluster-restore': 45,
  'functional/engine/selective-restore': 40,
  'functional/server/fuzz': 40,
  'functional/engine/restore-law': 35,
  'functional/engine/restore-policy': 35,
  'functional/archive/flat-memory': 30,
  'functional/engine/steps-law': 30,
  'api/rest/api-page': 25,
  'api/http/ide-page': 20,
  'functional/operator/scripts': 20,
  'functional/transfer/broken-transfer': 20,
  'api/graphql/socket': 15,
  'api/rest/routes': 15,
  'functional/archive/cluster-file': 15,
  'functional/backup/damaged-backup': 15,
  'functional/capture/cluster-capture': 15,
  'functional/capture/followed-database': 15,
  'functional/engine/late-writes': 15,
  'functional/restore/roundtrip': 15,
  'functional/transfer/export-service': 15,
  'unit/service/audit-trail': 15,
  'api/graphql/backup': 10,
  'api/graphql/restore': 10,
  'api/graphql/restore-progress': 10,
  'api/graphql/selective-backup': 10,
  'api/http/metrics': 10,
  'api/http/rate-limit': 10,
  'api/rest/hostile-request': 10,
  'functional/backup/file-store': 10,
  'functional/engine/data-plane': 10,
  'functional/engine/late-references': 10,
  'functional/engine/working-copy-network': 10,
  'functional/engine/writer-law': 10,
  'functional/filter/references-beside': 10,
  'functional/operator/manual': 10,
  'functional/operator/token-command': 10,
  'functional/releases/cluster': 10,
  'functional/releases/data-plane': 10,
  'functional/releases/round-trip': 10,
  'functional/server/audit-after-crash': 10,
  'functional/server/disk-full': 10,
  'functional/server/ssl-remote': 10,
  'functional/server/start-faults': 10,
  'functional/transfer/import-service': 10,
  'unit/archive/raft-reader': 10,
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
