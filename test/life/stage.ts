/** What all runs of a worker share: an ovsdb-server, a store with one backup in it, and a folder. */

import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOvsdbCluster } from '../support/servers/ovsdb-cluster.js';
import { startOvsdbServer, type TestServer } from '../support/servers/ovsdb-server.js';
import { TestClock } from '../support/test-clock.js';
import { AFTER, BEFORE, type Cells, Content } from './content.js';
import { Disk } from './disk.js';
import { LifeProcess } from './life-process.js';
import { Moments } from './moments.js';
import { Names } from './names.js';

const STEP_ROWS = 3;
const ALL_ROWS = 2_000;

/** One for the stories of a server that stands alone, and one for those of a cluster, where a restore takes steps. */
export class Stages {
  private constructor(
    private readonly alone: Stage,
    private readonly clustered: Stage,
  ) {}

  static async open(): Promise<Stages> {
    return new Stages(await Stage.open(false), await Stage.open(true));
  }

  of(story: string): Stage {
    return story.startsWith('steps-') ? this.clustered : this.alone;
  }

  async close(): Promise<void> {
    await this.alone.close();
    await this.clustered.close();
  }
}

export class Stage {
  private constructor(
    readonly folder: string,
    readonly ovsdb: TestServer,
    /** A plan with more rows goes in steps, on a cluster. */
    readonly stepRowsMax: number,
    private readonly end: () => Promise<void>,
    readonly content: Content,
    readonly backupId: string,
    /** The cells before and after a restore. */
    readonly before: Cells,
    readonly after: Cells,
  ) {}

  static async open(isClustered: boolean): Promise<Stage> {
    const cluster = isClustered ? await startOvsdbCluster({ members: 1 }) : undefined;
    const ovsdb = cluster?.servers[0] ?? (await startOvsdbServer());
    const stepRowsMax = isClustered ? STEP_ROWS : ALL_ROWS;
    const folder = await mkdtemp(join(tmpdir(), 'ovncp-life-'));
    const content = await Content.open(ovsdb.unixRemote);
    await content.set(BEFORE);
    const before = await content.read();
    await content.set(AFTER);
    const after = await content.read();
    const backupId = await Stage.backUp(folder, ovsdb);
    return new Stage(folder, ovsdb, stepRowsMax, () => (cluster ?? ovsdb).stop(), content, backupId, before, after);
  }

  get template(): string {
    return join(this.folder, 'template');
  }

  get socket(): string {
    return this.ovsdb.unixRemote.slice('unix:'.length);
  }

  async close(): Promise<void> {
    this.content.close();
    await this.end();
    await rm(this.folder, { recursive: true, force: true });
  }

  private static async backUp(folder: string, ovsdb: TestServer): Promise<string> {
    const process = await LifeProcess.open({
      folder,
      databaseSocket: ovsdb.unixRemote.slice('unix:'.length),
      stepRowsMax: ALL_ROWS,
      clock: new TestClock(),
      disk: new Disk(),
      moments: new Moments(),
      names: new Names(),
      tell: () => undefined,
    });
    const { id } = await process.backups.start({
      name: 'life',
      format: 'JSON',
      compress: false,
      tags: [],
      subject: 'tester',
    }).done;
    await process.die();
    await cp(join(folder, 'store'), join(folder, 'template'), { recursive: true });
    return id;
  }
}
