/** A cluster of three members of each OVN release: backed up, emptied, and restored in steps. */
import { CreateBackupDocument, RestoreBackupDocument } from '../../support/clients/generated/graphql.js';
import {
  compareDatabases,
  type DatabaseContent,
  dumpDatabase,
  emptyDatabase,
  rowCount,
} from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { testEachRelease } from '../../support/releases/each-release.js';
import { note } from '../../support/releases/figures.js';
import { startApiServer } from '../../support/servers/api-server.js';
import { startOvsdbCluster } from '../../support/servers/ovsdb-cluster.js';

const ROWS = 600;
const STEP_ROWS_MAX = 150;

await testEachRelease('a cluster of three comes back row by row, in steps', async (release) => {
  const database = databaseFile({ profile: 'k8s', rows: ROWS, schema: release.schema('ovn-nb') });
  await using cluster = await startOvsdbCluster({ database, programs: release.programs });
  const env = { OVN_NB_DB: cluster.remotes, OVNCP_STEP_ROWS_MAX: String(STEP_ROWS_MAX) };
  const api = await startApiServer({ env });
  try {
    const leaders = async (): Promise<DatabaseContent> => dumpDatabase(cluster.remote(await cluster.settled()));
    const before = await leaders();
    expect(rowCount(before)).toBe(ROWS);
    const { createBackup } = await api.admin.run(CreateBackupDocument, { input: { name: 'whole' } });
    await emptyDatabase(cluster.remote(await cluster.settled()));
    const input = { backupId: createBackup.id, verify: 'FULL' } as const;
    const { result } = (await api.admin.run(RestoreBackupDocument, { input })).restoreBackup;
    expect(result).toMatchObject({ success: true, restoredCount: ROWS, errorCount: 0, warnings: [] });
    expect(result?.steps).toBeGreaterThanOrEqual(ROWS / STEP_ROWS_MAX);
    expect(compareDatabases(before, await leaders())).toEqual([]);
    note({ kind: 'CLUSTER', release: release.name, rows: ROWS, steps: result?.steps ?? 0 });
  } finally {
    await api.stop();
  }
});
