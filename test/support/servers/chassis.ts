/**
 * A real chassis for tests: ovn-controller and ovs-vswitchd, whose datapath is a dummy of Open vSwitch's own tests, so that
 * they need neither root nor the kernel. All of it ends when the test process does, however that ends.
 *
 * - flow: one of the OpenFlow flows that ovn-controller sends to the switch
 * - mark: a flow of our own, which ovn-controller does not know. What is older than it was there when it was put, and
 *   what is younger was sent since: a flow that is sent again is as young as one that is new.
 */
import { join } from 'node:path';
import { PlainClient } from '../clients/plain-client.js';
import { printExact } from '../judge/exact-json.js';
import { type ChassisPrograms, findChassisPrograms } from '../programs/chassis-programs.mjs';
import { startDaemon } from '../programs/daemon.js';
import { type Program, run } from '../programs/programs.js';
import { until } from '../until.js';
import type { TestNorthd } from './northd.js';
import { environment, startOvsdbServer, type TestServer } from './ovsdb-server.js';

const BRIDGE = 'br-int';
/** OVN's own tables end before it. */
const MARK = 'table=200,priority=0';

/** ovn-controller has ended, of itself. */
export class ControllerEnded extends Error {}

/** What the switch is asked about: a packet that comes from one logical port, and who is to get it. */
export interface Packet {
  readonly from: string;
  readonly to: string;
  /** As in ovs-fields(7). */
  readonly headers: string;
}

/** Flows as text, each with its cookie, table, priority, match and actions. */
export interface Flows {
  /** There when mark() was called, and not sent again since. */
  readonly old: ReadonlySet<string>;
  readonly sent: ReadonlySet<string>;
}

/**
 * Starts a chassis and waits until the Southbound has it. No logical port is bound to it yet.
 * @param name other rows of OVN know it by
 * @throws Error with what its programs logged
 */
export async function startChassis(northd: TestNorthd, name: string): Promise<TestChassis> {
  const programs = findChassisPrograms();
  if (programs === undefined) throw new Error('the programs of a chassis are missing: run test/support/prepare.mjs');
  const configuration = await startOvsdbServer({ database: programs.schema });
  const chassis = new TestChassis(configuration, programs);
  try {
    await chassis.start(northd, name);
    return chassis;
  } catch (error) {
    await chassis.stop();
    throw error;
  }
}

export class TestChassis implements AsyncDisposable {
  private switch: Program | undefined;
  private controller: Program | undefined;
  /** Logical port -> its number in the datapath. */
  private readonly numbers = new Map<string, string>();

  /** Made by startChassis. */
  constructor(
    private readonly configuration: TestServer,
    private readonly programs: ChassisPrograms,
  ) {}

  /** Used by startChassis. */
  async start(northd: TestNorthd, name: string): Promise<void> {
    const settings = {
      'system-id': name,
      'ovn-remote': northd.sbRemote,
      'ovn-encap-type': 'geneve',
      'ovn-encap-ip': '127.0.0.1',
    };
    const ids = Object.entries(settings).map(([key, value]) => `external-ids:${key}="${value}"`);
    await this.configure(
      ...['--no-wait', '--', 'set', 'Open_vSwitch', '.', ...ids, '--', 'add-br', BRIDGE],
      ...['--', 'set', 'Bridge', BRIDGE, 'fail-mode=secure', 'datapath-type=dummy'],
    );
    const { remote } = this.configuration;
    const dummy = ['--enable-dummy=override', '--disable-system', `--unixctl=${this.switchSocket}`];
    this.switch = await this.daemon(this.programs.switch, ...dummy, remote);
    await this.waitFor(this.switch, () => this.control('ofproto/list').then((text) => text.includes(BRIDGE)));
    this.controller = await this.daemon(this.programs.controller, remote);
    await this.waitFor(this.controller, async () => {
      const rows = await northd.select('Chassis_Private', ['name']);
      return rows.some((row) => row['name'] === name);
    });
  }

  /** Gives each logical port an interface. It is not yet bound when this returns. */
  async bind(ports: readonly string[]): Promise<void> {
    await this.configure(
      ...ports.flatMap((port) => [
        ...['--', 'add-port', BRIDGE, interfaceOf(port)],
        ...['--', 'set', 'Interface', interfaceOf(port), 'type=dummy', `external-ids:iface-id="${port}"`],
      ]),
    );
    const shown = await this.control('dpif/show');
    for (const port of ports) {
      const number = new RegExp(`^ *${interfaceOf(port)} \\d+/(\\d+):`, 'm').exec(shown)?.[1];
      if (number === undefined) throw new Error(`the switch has no interface of ${port}\n${shown}`);
      this.numbers.set(port, number);
    }
  }

  /**
   * What the switch has now is old, and what is sent to it from now on is not. ovn-controller empties the switch when it
   * comes to it, so ask it for something before.
   */
  async mark(): Promise<void> {
    await run('ovs-ofctl', ['add-flow', this.openflow, `${MARK},actions=drop`], { env: environment() });
  }

  /** @throws Error when there was no mark(), or the mark is gone */
  async flows(): Promise<Flows> {
    const { stdout } = await run('ovs-ofctl', ['dump-flows', this.openflow], { env: environment() });
    const flows = stdout.split('\n').flatMap((line) => {
      const age = / duration=([\d.]+)s,/.exec(line)?.[1];
      return age === undefined ? [] : [{ age: Number(age), text: line.trim().replaceAll(COUNTED, '') }];
    });
    const isMark = ({ text }: { text: string }): boolean => text.includes(MARK.replace(',', ', '));
    const mark = flows.find(isMark);
    if (mark === undefined) throw new Error(`no mark among the ${flows.length} flows of the switch`);
    const ours = flows.filter((flow) => flow !== mark);
    return {
      old: new Set(ours.filter(({ age }) => age >= mark.age).map(({ text }) => text)),
      sent: new Set(ours.filter(({ age }) => age < mark.age).map(({ text }) => text)),
    };
  }

  /**
   * Whether the flows that the switch has now bring the packet to its port (ofproto/trace of ovs-vswitchd(8)).
   * @throws ControllerEnded
   */
  async delivers({ from, to, headers }: Packet): Promise<boolean> {
    if (this.controller?.hasEnded === true) {
      const how = JSON.stringify(await this.controller.ended);
      throw new ControllerEnded(`ovn-controller has ended: ${how}\n${this.controller.stderr}`);
    }
    const number = this.numbers.get(to);
    if (number === undefined) throw new Error(`${to} has no interface here`);
    const trace = await this.control('ofproto/trace', BRIDGE, `in_port=${interfaceOf(from)},${headers}`);
    // a packet that is tracked comes back, and is traced once more: the last line says where it ends
    const actions = [...trace.matchAll(/^Datapath actions: (.*)$/gm)].at(-1)?.[1];
    if (actions === undefined) throw new Error(`a trace without an end\n${trace}`);
    return actions.split(',').includes(number);
  }

  /** ovn-controller stands still, and its connections stay open, until resume(). The switch goes on. */
  pause(): void {
    this.controller?.kill('SIGSTOP');
  }

  resume(): void {
    this.controller?.kill('SIGCONT');
  }

  /** Ends all of it and removes its folder. May be called twice. */
  async stop(): Promise<void> {
    // asked to end, ovn-controller would first take its chassis out of the Southbound
    for (const program of [this.controller, this.switch]) {
      program?.kill('SIGKILL');
      await program?.ended;
    }
    await this.configuration.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private get openflow(): string {
    return `unix:${join(this.configuration.folder, `${BRIDGE}.mgmt`)}`;
  }

  private get switchSocket(): string {
    return join(this.configuration.folder, 'switch.ctl');
  }

  /** Runs ovs-vsctl. Without --no-wait it waits until the switch has done it. */
  private async configure(...words: readonly string[]): Promise<void> {
    const { remote } = this.configuration;
    await run(this.programs.configurer, [`--db=${remote}`, '--timeout=120', ...words], { env: environment() });
  }

  /** Says something to the switch as ovs-appctl does. */
  private async control(command: string, ...words: readonly string[]): Promise<string> {
    await using client = await PlainClient.open(`unix:${this.switchSocket}`);
    const answer = await client.request(command, words);
    return typeof answer === 'string' ? answer : printExact(answer);
  }

  private daemon(path: string, ...words: readonly string[]): Promise<Program> {
    const { folder } = this.configuration;
    const folders = { OVS_RUNDIR: folder, OVN_RUNDIR: folder, OVN_SYSCONFDIR: folder };
    return startDaemon([path, '-vconsole:warn', '-vsyslog:off', ...words], environment(folders));
  }

  private async waitFor(program: Program, isUp: () => Promise<boolean>): Promise<void> {
    let failure: unknown;
    const looked = await until(async () => {
      if (program.hasEnded) return 'ended';
      return isUp().catch((error: unknown) => {
        failure = error;
        return false;
      });
    }).catch(() => undefined);
    if (looked !== true)
      throw new Error(`a program of the chassis did not start\n${program.stderr}`, { cause: failure });
  }
}

const interfaceOf = (port: string): string => `v-${port}`;

/** What of a flow changes while it is left as it is. */
const COUNTED = / (?:duration=[\d.]+s|n_packets=\d+|n_bytes=\d+|idle_age=\d+|hard_age=\d+),/g;
