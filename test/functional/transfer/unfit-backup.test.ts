/**
 * Files with rows that no database holds: references to nothing, and rows that cannot be there side by side. They are
 * refused as they come in; where an older version has let one in, it is found before anything is restored.
 */
import { readFile } from 'node:fs/promises';
import { contentOf } from '../../../src/service/backup/backup-content.js';
import type { BackupRecord } from '../../../src/service/backup/backup-record.js';
import { archiveExtension } from '../../../src/service/backup/layout.js';
import { failureOf, unpack } from '../../support/databases/every-kind.js';
import { compareDatabases, dumpDatabase } from '../../support/judge/judge.js';
import { installedSchema } from '../../support/northbound/make.mjs';
import { nbctl } from '../../support/servers/ovsdb-server.js';
import { ASKER, piecesOf, TESTER, TestServices } from '../../support/servers/services.js';

const u = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const WEAK = 25;

const FILES: readonly (readonly [what: string, tables: object, message: RegExp])[] = [
  [
    'a strong reference to nothing, behind many weak ones',
    {
      Load_Balancer_Group: Object.fromEntries(
        Array.from({ length: WEAK }, (_, i) => [u(100 + i), { name: `lbg${i}`, load_balancer: [u(900 + i)] }]),
      ),
      Logical_Switch: { [u(1)]: { name: 'web', ports: [u(555)] } },
    },
    new RegExp(`Logical_Switch ${u(1)}: ports refers to Logical_Switch_Port ${u(555)}, which is not in the backup`),
  ],
  [
    'two ports of one name',
    {
      Logical_Switch: { [u(1)]: { name: 'web', ports: [u(2), u(3)] } },
      Logical_Switch_Port: { [u(2)]: { name: 'p' }, [u(3)]: { name: 'p' } },
    },
    new RegExp(`Logical_Switch_Port ${u(2)} and ${u(3)} have the same name \\["p"\\]`),
  ],
  [
    'two rows in a table of one',
    { NB_Global: { [u(5)]: {}, [u(6)]: { name: 'x' } } },
    new RegExp(`NB_Global has room for 1 row, and 2 are here, such as ${u(5)} and ${u(6)}`),
  ],
  [
    'one UUID in two tables',
    { Logical_Router: { [u(7)]: { name: 'r' } }, Logical_Switch: { [u(7)]: { name: 's' } } },
    new RegExp(`Logical_Router and Logical_Switch both have a row ${u(7)}`),
  ],
];

let services: TestServices;
let schema: unknown;

beforeAll(async () => {
  services = await TestServices.start();
  await nbctl(services.ovsdb.remote, 'init');
  schema = JSON.parse(await readFile(installedSchema(), 'utf8'));
});
afterAll(() => services.stop());

/** As a version kept it that did not look. */
async function letIn(bytes: Buffer): Promise<BackupRecord> {
  const { catalog } = services;
  const unpacked = await unpack(bytes);
  const extension = archiveExtension(unpacked.format, unpacked);
  const reservation = await catalog.reserve({ name: 'old', createdAt: Date.now(), extension });
  await reservation.put(piecesOf(bytes), {});
  const { size, checksum, encrypted } = unpacked;
  return catalog.commit(reservation, {
    ...contentOf(unpacked),
    size,
    checksum,
    encrypted,
    id: crypto.randomUUID(),
    name: 'old',
    createdAt: new Date().toISOString(),
    createdBy: 'tester',
    tags: [],
    database: 'northbound',
    origin: 'IMPORTED',
  });
}

it.each(FILES)('with %s are refused, validated and never restored', async (_what, tables, message) => {
  const bytes = Buffer.from(JSON.stringify({ format: 'ovncp-backup/1', schema, tables, contentDigest: 'none' }));
  const failure = { code: 'INTEGRITY_FAILED', message: expect.stringMatching(message) as string };
  const files = await services.files();
  expect(await failureOf(services.import(bytes, { name: 'unfit' }))).toEqual(failure);
  expect(await services.files()).toEqual(files);

  const { id } = await letIn(bytes);
  expect(await services.backups.validate(id, undefined, ASKER)).toMatchObject({
    valid: false,
    contentChecked: true,
    errors: [expect.stringMatching(message)],
  });
  const before = await dumpDatabase(services.ovsdb.remote);
  for (const dryRun of [true, false]) {
    const { done } = await services.restores.start({
      backupId: id,
      dryRun,
      conflictPolicy: 'OVERWRITE',
      exact: true,
      force: true,
      ...TESTER,
    });
    expect(await failureOf(done)).toEqual(failure);
  }
  expect(compareDatabases(before, await dumpDatabase(services.ovsdb.remote))).toEqual([]);
});
