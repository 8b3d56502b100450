/** Drills of backups with other schemas than that of this machine, and with the programs of other releases. */
import { join } from 'node:path';
import {
  CreateBackupDocument,
  DrillBackupDocument,
  type DrillFieldsFragment,
} from '../../support/clients/generated/graphql.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { testEachRelease } from '../../support/releases/each-release.js';
import { startApiServer } from '../../support/servers/api-server.js';

const SCHEMAS = join(import.meta.dirname, '../../compat');

async function drilled(options: NonNullable<Parameters<typeof startApiServer>[0]>): Promise<DrillFieldsFragment> {
  const api = await startApiServer(options);
  try {
    const { createBackup } = await api.admin.run(CreateBackupDocument, { input: { name: 'drilled' } });
    return (await api.admin.run(DrillBackupDocument, { id: createBackup.id })).drillBackup;
  } finally {
    await api.stop();
  }
}

it('leaves northd out where it is older than the schema of the backup', async () => {
  const schema = join(SCHEMAS, 'schemas/ovn-nb.26.03.ovsschema');
  expect(await drilled({ database: databaseFile({ profile: 'small', schema }) })).toMatchObject({
    success: true,
    northdSeconds: null,
    logicalFlows: null,
    notes: [expect.stringMatching(/^northd was left out: .* version 7\.\d+\.\d+ .* and the backup has 7\.\d+\.\d+$/)],
  });
});

it('lets northd work on an older schema', async () => {
  const schema = join(SCHEMAS, 'schemas/ovn-nb.22.03.ovsschema');
  const drill = await drilled({ database: databaseFile({ profile: 'small', schema }) });
  expect(drill).toMatchObject({ success: true });
  expect(drill.logicalFlows).toBeGreaterThan(0);
});

it('drills a database that is no Northbound, without northd', async () => {
  const database = join(SCHEMAS, 'other-schemas/ovn-ic-nb.23.03.ovsschema');
  expect(await drilled({ database, env: { OVN_DB_NAME: 'OVN_IC_Northbound' } })).toMatchObject({
    success: true,
    rowsCompared: 0,
    notes: expect.arrayContaining(['northd was left out: it works on OVN_Northbound only']) as string[],
  });
});

await testEachRelease('a backup is drilled with its own programs', async (release) => {
  const { programs } = release;
  const drill = await drilled({
    database: databaseFile({ profile: 'small', schema: release.schema('ovn-nb') }),
    programs,
    env: programs === undefined ? {} : { PATH: programs },
  });
  expect(drill).toMatchObject({ success: true, differences: [] });
  expect(drill.logicalFlows).toBeGreaterThan(0);
});
