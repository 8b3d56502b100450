/**
 * What a whole chassis feels of a restore: the network of the demo with northd and a chassis that has all of its machines.
 * A switch is lost and restored, by this server or by `ovsdb-client restore`, while packets of other switches go on.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { demoNetwork } from '../../../src/demo/network.js';
import {
  CreateBackupDocument,
  RestoreBackupDocument,
  type RestoreFieldsFragment,
} from '../clients/generated/graphql.js';
import { until } from '../until.js';
import { startApiServer, type TestApi } from './api-server.js';
import { ControllerEnded, type Packet, startChassis, type TestChassis } from './chassis.js';
import { startNorthd, type TestNorthd } from './northd.js';
import { nbctl, ovsdbClient, ovsdbClientRestore } from './ovsdb-server.js';

/** The first of the two gateways of the demo's router: so the way to the outside is here too. */
const CHASSIS = 'gateway-1';
const LOST = 'web';
const LOST_MACHINES = ['web-1', 'web-2', 'web-3', 'web-4', 'web-5', 'web-6'];
const OTHER_MACHINES = ['db-1', 'db-2', 'db-3', 'db-4', 'monitor', 'bastion'];

/** Of the switch that is lost: within it, from it to another one, and to it from the outside. */
const LOST_PACKETS: readonly Packet[] = [
  {
    from: 'web-1',
    to: 'web-2',
    headers: 'dl_src=0a:00:00:01:00:01,dl_dst=0a:00:00:01:00:02,tcp,nw_src=10.10.1.11,nw_dst=10.10.1.12,tp_dst=80',
  },
  {
    from: 'web-1',
    to: 'db-1',
    headers: 'dl_src=0a:00:00:01:00:01,dl_dst=0a:00:00:00:01:01,tcp,nw_src=10.10.1.11,nw_dst=10.10.2.11,tp_dst=5432',
  },
  {
    from: 'bastion',
    to: 'web-2',
    headers: 'dl_src=0a:00:00:03:00:02,dl_dst=0a:00:00:00:03:01,tcp,nw_src=203.0.113.6,nw_dst=10.10.1.12,tp_dst=22',
  },
].map((packet) => ({ ...packet, headers: `${packet.headers},nw_ttl=64` }));

/** Of other switches: within one, and through the router and its NAT to another one. */
const OTHER_PACKETS: readonly Packet[] = [
  {
    from: 'monitor',
    to: 'bastion',
    headers: 'dl_src=0a:00:00:03:00:01,dl_dst=0a:00:00:03:00:02,icmp,nw_src=203.0.113.5,nw_dst=203.0.113.6',
  },
  {
    from: 'db-1',
    to: 'monitor',
    headers: 'dl_src=0a:00:00:02:00:01,dl_dst=0a:00:00:00:02:01,tcp,nw_src=10.10.2.11,nw_dst=203.0.113.5,tp_dst=443',
  },
].map((packet) => ({ ...packet, headers: `${packet.headers},nw_ttl=64` }));

/** What was felt of one restore. */
export interface Felt<Answer> {
  /** Flows that lived through the loss: they have nothing to do with the switch. */
  readonly survived: number;
  /** Those of them that were sent again, changed or taken away by the restore. */
  readonly sentAgain: readonly string[];
  /** All that were sent for the restore. */
  readonly sent: number;
  /** Flows before the loss, and after the restore. */
  readonly whole: number;
  readonly restored: number;
  /** Packets of other switches during the restore, how many of them did not arrive, and for how long that was so. */
  readonly packets: number;
  readonly packetsLost: number;
  readonly silentSeconds: number;
  /** From the start of the restore until the chassis had taken it over. */
  readonly seconds: number;
  readonly answer: Answer;
}

export class ChassisStory {
  private constructor(
    readonly api: TestApi,
    private readonly northd: TestNorthd,
    readonly chassis: TestChassis,
    private readonly backupId: string,
    private readonly backupFile: string,
  ) {}

  /**
   * The whole network, every packet of it delivered, and a backup of both kinds. ovn-controller 23.03 was seen to end in
   * its first seconds, about once in a hundred starts on a busy machine: then all begins once more.
   */
  static async begin(): Promise<ChassisStory> {
    try {
      return await ChassisStory.start();
    } catch (error) {
      if (!(error instanceof ControllerEnded)) throw error;
      process.stdout.write(`${error.message}\n`);
      return ChassisStory.start();
    }
  }

  private static async start(): Promise<ChassisStory> {
    const started: { stop(): Promise<void> }[] = [];
    const keep = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
      const part = await starting;
      started.unshift(part);
      return part;
    };
    try {
      const api = await keep(startApiServer({ env: { OVNCP_SYNC_SECONDS_MAX: '600' } }));
      const { remote, folder } = api.ovsdb;
      await nbctl(remote, ...demoNetwork().flatMap((words) => ['--', ...words]));
      // nobody would answer the checks, and northd then takes the machines out of the load balancer in the middle of it
      await nbctl(remote, 'clear', 'Load_Balancer', 'shop', 'health_check');
      const northd = await keep(startNorthd(api.ovsdb));
      const chassis = await keep(startChassis(northd, CHASSIS));
      await chassis.bind([...LOST_MACHINES, ...OTHER_MACHINES]);
      const packets = [...LOST_PACKETS, ...OTHER_PACKETS];
      await until(async () => (await deliveredBy(chassis, packets)).every(Boolean));
      await northd.synced('hv');
      const { id } = (await api.admin.run(CreateBackupDocument, { input: { name: 'whole' } })).createBackup;
      const file = join(folder, 'backup.db');
      await writeFile(file, await ovsdbClient(remote, 'backup'));
      return new ChassisStory(api, northd, chassis, id, file);
    } catch (error) {
      for (const part of started) await part.stop();
      throw error;
    }
  }

  /** Which packets of the switch that is lost, and of the others, are delivered now. */
  lostSwitch(): Promise<readonly boolean[]> {
    return deliveredBy(this.chassis, LOST_PACKETS);
  }
  otherSwitches(): Promise<readonly boolean[]> {
    return deliveredBy(this.chassis, OTHER_PACKETS);
  }

  /** Deletes the switch, and waits until the chassis has taken that over. */
  async lose(): Promise<void> {
    await nbctl(this.api.ovsdb.remote, 'ls-del', LOST);
    await this.northd.synced('hv');
  }

  /** Restores by this server, which answers when the chassis has taken it over. */
  async restoreHere(): Promise<RestoreFieldsFragment> {
    const input = { backupId: this.backupId, conflictPolicy: 'OVERWRITE' as const, sync: 'HV' as const };
    return (await this.api.admin.run(RestoreBackupDocument, { input })).restoreBackup;
  }

  /** Restores by the tool of Open vSwitch, and waits until the chassis has taken it over. */
  async restoreByTool(): Promise<void> {
    const { remote } = this.api.ovsdb;
    const asked = (await nbctl(remote, 'get', 'NB_Global', '.', 'nb_cfg')).trim();
    await ovsdbClientRestore(remote, this.backupFile);
    // the file took it back, to a number that the chassis have answered before
    await nbctl(remote, 'set', 'NB_Global', '.', `nb_cfg=${asked}`);
    await this.northd.synced('hv');
  }

  /** Loses the switch and restores it, with an eye on the flows and on the packets of other switches. */
  async feel<Answer>(restore: () => Promise<Answer>): Promise<Felt<Answer>> {
    const { chassis } = this;
    await chassis.mark();
    const whole = everyFlow(await chassis.flows());
    await this.lose();
    const survived = [...everyFlow(await chassis.flows())].filter((flow) => whole.has(flow));
    await chassis.mark();
    const packets = this.sendPackets();
    const began = performance.now();
    const answer = await restore();
    const seconds = (performance.now() - began) / 1_000;
    const { count, lost, silentSeconds } = await packets.end();
    const after = await chassis.flows();
    return {
      survived: survived.length,
      sentAgain: survived.filter((flow) => !after.old.has(flow)),
      sent: after.sent.size,
      whole: whole.size,
      restored: everyFlow(after).size,
      packets: count,
      packetsLost: lost,
      silentSeconds,
      seconds,
      answer,
    };
  }

  async stop(): Promise<void> {
    await this.chassis.stop();
    await this.northd.stop();
    await this.api.stop();
  }

  /** Sends packets of other switches, one after the other, until its end. */
  private sendPackets(): { end(): Promise<Sent> } {
    let isOver = false;
    const all = (async (): Promise<Sent> => {
      const sent = { count: 0, lost: 0, silentSeconds: 0 };
      for (let since = performance.now(); !isOver; ) {
        const arrived = await this.otherSwitches();
        const now = performance.now();
        sent.count += arrived.length;
        sent.lost += arrived.filter((each) => !each).length;
        if (!arrived.every(Boolean)) sent.silentSeconds += (now - since) / 1_000;
        since = now;
      }
      return sent;
    })();
    return {
      end: () => {
        isOver = true;
        return all;
      },
    };
  }
}

interface Sent {
  readonly count: number;
  readonly lost: number;
  readonly silentSeconds: number;
}

async function deliveredBy(chassis: TestChassis, packets: readonly Packet[]): Promise<readonly boolean[]> {
  const found: boolean[] = [];
  for (const packet of packets) found.push(await chassis.delivers(packet));
  return found;
}

const everyFlow = ({ old, sent }: Awaited<ReturnType<TestChassis['flows']>>): ReadonlySet<string> =>
  new Set([...old, ...sent]);
