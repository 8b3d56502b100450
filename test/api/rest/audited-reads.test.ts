/** Which calls that only read have lines in the audit trail: OVNCP_AUDIT_READS. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readLine } from '../../../src/service/audit/audit-line.js';
import { AUDIT_FILE } from '../../../src/service/audit/trail-files.js';
import {
  CreateBackupDocument,
  DiffDocument,
  GetRowDocument,
  ListRowsDocument,
  RestoreBackupDocument,
  RestoreChangesDocument,
  SearchDocument,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { startApiServer } from '../../support/servers/api-server.js';

const DIFF = ['diff by GRAPHQL', 'diff by REST'];
const CHANGES = ['restoreChanges of the restore by GRAPHQL', 'restoreChanges of the restore by REST'];
const ROWS = ['rows', 'row', 'search'].flatMap((action) => [
  `${action} of the backup by GRAPHQL`,
  `${action} of the backup by REST`,
]);
const EXPORT = 'exportBackup of the backup by REST';

it.each([
  ['all', [...DIFF, ...CHANGES, ...ROWS, EXPORT]],
  ['exports', [EXPORT]],
  ['none', []],
])('%s: comparisons, changes of restores, rows, exports', async (reads, expected) => {
  const database = databaseFile({ profile: 'small' });
  const api = await startApiServer({ database, env: { OVNCP_AUDIT_READS: reads } });
  try {
    const rest = RestClient.of(api.admin);
    const backupId = (await api.admin.run(CreateBackupDocument, { input: { name: 'read' } })).createBackup.id;
    const { id } = (await api.admin.run(RestoreBackupDocument, { input: { backupId, dryRun: true } })).restoreBackup;
    const side = { backupId };
    await api.admin.run(DiffDocument, { from: side, to: side });
    await rest.post('/api/v1/diff', { from: { backup_id: backupId }, to: { backup_id: backupId } });
    await api.admin.run(RestoreChangesDocument, { id });
    expect((await rest.send(`/api/v1/restores/${id}/changes`)).status).toBe(200);
    expect((await rest.fetch(`/api/v1/backups/${backupId}/export?raw=true`)).status).toBe(200);
    const { nodes } = (await api.admin.run(ListRowsDocument, { of: side, table: 'NB_Global' })).rows;
    const { uuid = '' } = nodes[0] ?? {};
    await api.admin.run(GetRowDocument, { of: side, table: 'NB_Global', uuid });
    await api.admin.run(SearchDocument, { of: side, text: 'x' });
    for (const path of ['rows/NB_Global?', `rows/NB_Global/${uuid}?`, 'search?text=x&'])
      expect((await rest.get(`/api/v1/${path}of=backup:${backupId}`)).status).toBe(200);
    // what only looks has no line, whatever is kept
    await rest.send(`/api/v1/restores/${id}`);
    await rest.send('/api/v1/backups');
    const text = await readFile(join(api.folder, AUDIT_FILE), 'utf8');
    const entries = text.split('\n').flatMap((line) => readLine(line)?.entry ?? []);
    const lines = entries
      .filter(({ action }) => !['serverStarted', 'firstTokenMade', 'createBackup', 'restoreBackup'].includes(action))
      .map(({ action, via, result, target }) => {
        expect(result).toBe('OK');
        const what =
          target?.restoreId === id ? ' of the restore' : target?.backupId === backupId ? ' of the backup' : '';
        return `${action}${what} by ${via}`;
      });
    expect(lines.sort()).toEqual([...expected].sort());
  } finally {
    await api.stop();
  }
});

it('finds lines by action and result in any case, and refuses the half of one', async () => {
  const api = await startApiServer();
  try {
    const rest = RestClient.of(api.admin);
    await api.admin.run(CreateBackupDocument, { input: { name: 'kept' } });
    const reader = RestClient.of(await api.as('backups:read'));
    expect((await reader.send('/api/v1/audit')).status).toBe(403);
    for (const query of ['action=CREATEBACKUP&result=ok', 'action=get%20/api/v1/audit&result=forbidden'])
      expect([query, (await rest.send(`/api/v1/audit?${query}`)).body]).toMatchObject([query, { total: 1 }]);
    // it has no line yet, and is an action all the same; so may any other word be
    for (const action of ['cancelrestore', 'GET /api/v1/nothing'])
      expect((await rest.send(`/api/v1/audit?action=${encodeURIComponent(action)}`)).body).toMatchObject({ total: 0 });
    expect((await rest.send('/api/v1/audit?action=backup')).status).toBe(400);
  } finally {
    await api.stop();
  }
});
