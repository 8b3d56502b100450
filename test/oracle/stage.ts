/** What the cases of one OVN release share: an ovsdb-server, and the whole server in front of it, asked over HTTP. */

import {
  CreateBackupDocument,
  DeleteBackupDocument,
  type ResourceFilterInput,
  RestoreBackupDocument,
  type RestoreBackupInput,
  RestoreChangesDocument,
  UndoRestoreDocument,
} from '../support/clients/generated/graphql.js';
import { PlainClient } from '../support/clients/plain-client.js';
import { RestClient } from '../support/clients/rest-client.js';
import { NORTHBOUND } from '../support/judge/judge.js';
import { startApiServer, type TestApi } from '../support/servers/api-server.js';
import { type Answered, type Outcome, outcomeOf, type ToldChange } from './answer.js';
import { type Content, insertion, placesOf, readContent } from './content.js';
import { readSchema, referenceColumns, type Schema } from './schema.js';

type ExportedRow = Readonly<Record<string, string | readonly string[]>>;

const CHANGES_IN_A_PAGE = 100;
/** Restores stay in the server's list: after so many cases another one begins. */
const CASES_MAX = 200;

export class Stage {
  private constructor(
    private readonly api: TestApi,
    readonly client: PlainClient,
    readonly schema: Schema,
  ) {}

  static async open(release: string): Promise<Stage> {
    const schema = readSchema(release);
    const api = await startApiServer({ database: schema.file, env: { LOG_LEVEL: 'error' } });
    return new Stage(api, await PlainClient.open(api.ovsdb.unixRemote), schema);
  }

  async close(): Promise<void> {
    this.client.close();
    await this.api.stop();
  }

  /** Makes the database hold this and nothing else. */
  async set(content: Content): Promise<void> {
    const tables = [...this.schema.tables.keys()];
    await this.client.transact(
      NORTHBOUND,
      tables.map((table) => ({ op: 'delete', table, where: [] })),
    );
    await this.client.transact(NORTHBOUND, [...placesOf(this.schema, content)].map(insertion));
  }

  read(): Promise<Content> {
    return readContent(this.client, this.schema);
  }

  /** @returns its id, and what comes along with a filter */
  async backUp(
    name: string,
    resourceFilter?: ResourceFilterInput,
  ): Promise<{ readonly id: string; readonly pulledIn: readonly string[] }> {
    const part = resourceFilter === undefined ? {} : { type: 'SELECTIVE' as const, resourceFilter };
    const { createBackup } = await this.api.admin.run(CreateBackupDocument, { input: { name, ...part } });
    return { id: createBackup.id, pulledIn: createBackup.pulledIn.map(({ uuid }) => uuid) };
  }

  /** What a backup of this database holds, by the file that an export gives: rows, and what is left of references. */
  async held(backupId: string, database: Content): Promise<Content> {
    const response = await RestClient.of(this.api.admin).get(`/api/v1/backups/${backupId}/export?format=json`);
    const tables = response.body['tables'] as Readonly<Record<string, Readonly<Record<string, ExportedRow>>>>;
    return new Map(
      [...this.schema.tables.values()].map((table) => [
        table.name,
        new Map(
          Object.entries(tables[table.name] ?? {}).map(([uuid, exported]) => {
            const row = new Map(database.get(table.name)?.get(uuid) ?? []);
            for (const { name } of referenceColumns(table)) row.set(name, [exported[name] ?? []].flat().sort());
            return [uuid, row];
          }),
        ),
      ]),
    );
  }

  async forget(backupId: string): Promise<void> {
    await this.api.admin.run(DeleteBackupDocument, { id: backupId });
  }

  async restore(input: RestoreBackupInput): Promise<Outcome> {
    const { data, errors } = await this.api.admin.send(RestoreBackupDocument, { input });
    return this.outcome(data?.restoreBackup, errors);
  }

  async undo(id: string, options: { readonly force: boolean; readonly dryRun: boolean }): Promise<Outcome> {
    const { data, errors } = await this.api.admin.send(UndoRestoreDocument, { id, ...options });
    return this.outcome(data?.undoRestore, errors);
  }

  private async outcome(
    answered: Answered | null | undefined,
    errors: Parameters<typeof outcomeOf>[2],
  ): Promise<Outcome> {
    const changes = answered?.result === undefined || answered.result === null ? [] : await this.changes(answered.id);
    return outcomeOf(answered, changes, errors);
  }

  private async changes(id: string, after: string | null = null): Promise<readonly ToldChange[]> {
    const { restore } = await this.api.admin.run(RestoreChangesDocument, { id, first: CHANGES_IN_A_PAGE, after });
    const { nodes, pageInfo } = restore?.result?.changes ?? {
      nodes: [],
      pageInfo: { hasNextPage: false, endCursor: null },
    };
    return pageInfo.hasNextPage ? [...nodes, ...(await this.changes(id, pageInfo.endCursor))] : nodes;
  }
}

/** A stage for each release that is asked for. */
export class Stages {
  private readonly open = new Map<string, { readonly stage: Stage; cases: number }>();

  async of(release: string): Promise<Stage> {
    const found = this.open.get(release);
    if (found !== undefined && ++found.cases <= CASES_MAX) return found.stage;
    await found?.stage.close();
    const stage = await Stage.open(release);
    this.open.set(release, { stage, cases: 1 });
    return stage;
  }

  async close(): Promise<void> {
    for (const { stage } of this.open.values()) await stage.close();
    this.open.clear();
  }
}
