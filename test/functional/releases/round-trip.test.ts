/**
 * Backups of each OVN release, restored into a server of each release: a database in which every column of its schema
 * is used is backed up; another is emptied; the restore brings every row back under its UUID, and names all that the
 * target has no place for.
 */
import { readFileSync } from 'node:fs';
import { readDatabaseSchema } from '../../../src/ovsdb/database-schema.js';
import { parseJson } from '../../../src/ovsdb/json.js';
import {
  CreateBackupDocument,
  RestoreBackupDocument,
  type RestoreBackupInput,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { rowsOfSchema } from '../../support/databases/schema-rows.js';
import {
  compareDatabases,
  type DatabaseContent,
  dumpDatabase,
  emptyDatabase,
  rowCount,
} from '../../support/judge/judge.js';
import { testEachPair } from '../../support/releases/each-release.js';
import { note } from '../../support/releases/figures.js';
import { findLost, readLosses } from '../../support/releases/losses.js';
import type { Release } from '../../support/releases/release.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { Engine, EXACT } from '../../support/servers/engine.js';

/** northd writes it anew, and nobody misses it. */
const RUNTIME = ['Logical_Router_Port.status'];
const LEFT_OUT = 'Left out: ';

/** The whole server on an ovsdb-server of one release, and a backup of what that held. */
interface Stage {
  readonly api: TestApi;
  readonly remote: string;
  readonly content: DatabaseContent;
  readonly backupId: string;
  /** What `ovn-nbctl show` of the release said. */
  readonly shown: string;
}

const stages = new Map<string, Promise<Stage>>();
afterAll(async () => {
  for (const stage of stages.values()) await (await stage).api.stop();
});

function stageOf(release: Release): Promise<Stage> {
  const stage = stages.get(release.name) ?? makeStage(release);
  stages.set(release.name, stage);
  return stage;
}

async function makeStage(release: Release): Promise<Stage> {
  const database = release.schema('ovn-nb');
  const api = await startApiServer({ database, programs: release.programs });
  const { remote } = api.ovsdb;
  const everything = rowsOfSchema(readDatabaseSchema(parseJson(readFileSync(database, 'utf8'))));
  await new Engine(remote).restore(everything, EXACT);
  const content = await dumpDatabase(remote);
  const input = { name: `OVN ${release.name}`, compress: true };
  const { createBackup } = await api.admin.run(CreateBackupDocument, { input });
  note({ kind: 'RELEASE', release: release.name, ...release.versions });
  return { api, remote, content, backupId: createBackup.id, shown: await release.nbctl(remote, 'show') };
}

/** The id of the backup of a stage on the other one, which imports it. */
async function carry(from: Stage, to: Stage): Promise<string> {
  const response = await RestClient.of(from.api.admin).fetch(`/api/v1/backups/${from.backupId}/export?raw=true`);
  expect(response.status).toBe(200);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return (await to.api.admin.importFile({ name: 'of another release' }, { bytes })).id;
}

await testEachPair(
  (source, target) => `a backup of OVN ${source} comes back in OVN ${target}, and every loss is named`,
  async (source, target) => {
    const [from, to] = [await stageOf(source), await stageOf(target)];
    const backupId = from === to ? from.backupId : await carry(from, to);
    await emptyDatabase(to.remote);
    // Connection and SSL rows of another database come only with force
    const input: RestoreBackupInput = {
      backupId,
      conflictPolicy: 'OVERWRITE',
      exact: true,
      verify: 'FULL',
      force: true,
    };
    const { result } = (await to.api.admin.run(RestoreBackupDocument, { input })).restoreBackup;
    const after = await dumpDatabase(to.remote);
    expect(result).toMatchObject({ success: true, restoredCount: rowCount(after), errorCount: 0 });

    const losses = (result?.warnings ?? []).map((warning) => {
      expect(warning.slice(0, LEFT_OUT.length)).toBe(LEFT_OUT);
      return warning.slice(LEFT_OUT.length);
    });
    const [before, now] = [from.content, after].map((content) => withoutColumns(content, RUNTIME)) as [
      DatabaseContent,
      DatabaseContent,
    ];
    const { invented, ...lost } = findLost(before, now);
    expect(readLosses(losses, from.content.keys())).toEqual(lost);
    expect(invented).toEqual([]);
    if (from === to) {
      expect(compareDatabases(from.content, after)).toEqual([]);
      expect(await target.nbctl(to.remote, 'show')).toBe(from.shown);
    }

    // without force the same losses are what it is refused for
    const refused = await to.api.admin.send(RestoreBackupDocument, { input: { ...input, force: false, dryRun: true } });
    const [error] = refused.errors;
    expect(error?.extensions.code).toBe(losses.length === 0 ? undefined : 'SCHEMA_MISMATCH');
    expect((error?.extensions.problems ?? []).map(({ message }) => message)).toEqual(losses);
    const counts = { rows: rowCount(from.content), restored: rowCount(after), losses: losses.length };
    note({ kind: 'PAIR', source: source.name, target: target.name, ...counts });
  },
);

function withoutColumns(content: DatabaseContent, columns: readonly string[]): DatabaseContent {
  return new Map(
    [...content].map(([table, rows]) => {
      const isKept = (line: string): boolean => !columns.includes(`${table}.${line.slice(0, line.indexOf(' = '))}`);
      return [table, new Map([...rows].map(([uuid, text]) => [uuid, text.split('\n').filter(isKept).join('\n')]))];
    }),
  );
}
