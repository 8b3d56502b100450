/**
 * What the network feels of a restore: northd runs, a switch is lost and brought back, and the Southbound is looked at
 * before and after.
 */
import { applyPlan } from '../../../src/engine/apply/apply.js';
import { converge } from '../../../src/engine/verify/converge.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { isList, isObject } from '../judge/exact-json.js';
import { type DatabaseContent, dumpDatabase, transact } from '../judge/judge.js';
import { databaseFile } from '../northbound/database-file.js';
import type { Release } from '../releases/release.js';
import { Engine, EXACT } from '../servers/engine.js';
import { type SouthboundRow, startNorthd, type TestNorthd } from '../servers/northd.js';
import { nbctl, startOvsdbServer, type TestServer } from '../servers/ovsdb-server.js';
import { DEADLINE_MS } from '../until.js';

/** Runtime state of the question "are you done?" itself. */
export const ASKING = [
  'NB_Global.nb_cfg',
  'NB_Global.nb_cfg_timestamp',
  'NB_Global.sb_cfg',
  'NB_Global.sb_cfg_timestamp',
  'NB_Global.hv_cfg',
  'NB_Global.hv_cfg_timestamp',
  'SB_Global.nb_cfg',
];

export interface Southbound {
  /** UUID -> what the flow does. */
  readonly flows: ReadonlyMap<string, string>;
  readonly ports: ReadonlyMap<string, SouthboundRow>;
  readonly datapaths: ReadonlyMap<string, SouthboundRow>;
}

export interface Outcome {
  readonly whole: Southbound;
  readonly withoutSwitch: Southbound;
  readonly restored: Southbound;
  /** The Northbound before the loss and after the restore, without what ASKING names. */
  readonly before: DatabaseContent;
  readonly after: DatabaseContent;
  /** From the start of the restore until northd was done, and the part of it after the commit. */
  readonly seconds: number;
  readonly convergeSeconds: number;
}

export interface LossOptions {
  /** In all tables, of a made-up network of profile `k8s`. */
  readonly rows: number;
  /** Tables whose rows are left out. */
  readonly leaveOut?: readonly string[];
  /** Default: the installed one. */
  readonly release?: Release;
  /** Called on the whole network; what it gives restores, and answers how many seconds northd took after the commit. */
  readonly prepare: (nb: TestServer) => Promise<() => Promise<number>>;
}

/** Runs northd on a network, loses its largest switch, lets northd settle, and restores. */
export async function loseAndRestore({ rows, leaveOut = [], release, prepare }: LossOptions): Promise<Outcome> {
  const schema = release === undefined ? {} : { schema: release.schema('ovn-nb') };
  const database = databaseFile({ profile: 'k8s', rows, ...schema });
  await using nb = await startOvsdbServer({ database, programs: release?.programs });
  await transact(
    nb.remote,
    leaveOut.map((table) => ({ op: 'delete', table, where: [] })),
  );
  await using northd = await startNorthd(nb, release === undefined ? {} : { release });
  await northd.synced();
  const whole = await southboundOf(northd);
  const before = await dumpDatabase(nb.remote, { leaveOut: ASKING });
  const restore = await prepare(nb);
  const words = ['ls-del', await largestSwitch(nb.remote)];
  await (release === undefined ? nbctl(nb.remote, ...words) : release.nbctl(nb.remote, ...words));
  await northd.synced();
  const withoutSwitch = await southboundOf(northd);
  const started = performance.now();
  const convergeSeconds = await restore();
  const seconds = (performance.now() - started) / 1000;
  const restored = await southboundOf(northd);
  const after = await dumpDatabase(nb.remote, { leaveOut: ASKING });
  return { whole, withoutSwitch, restored, before, after, seconds, convergeSeconds };
}

/** For loseAndRestore: an exact restore by the engine. @throws Error where it does not go as planned */
export async function restoreByEngine(nb: TestServer): Promise<() => Promise<number>> {
  const engine = new Engine(nb.remote);
  const backup = await engine.capture();
  return () =>
    engine.session(async (session) => {
      const plan = await engine.plan(backup, EXACT);
      failOn(plan.problems);
      await applyPlan(session, plan, { comment: 'a test' });
      const convergence = await converge(session, 'SB', { clock, since: clock.monotonic(), limitMs: DEADLINE_MS });
      if (!convergence.reached) failOn([{ message: `northd was not done within ${DEADLINE_MS} ms` }]);
      failOn((await engine.verify(plan)).problems);
      return convergence.seconds;
    });
}

function failOn(problems: readonly { readonly message: string }[]): void {
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
}

async function southboundOf(northd: TestNorthd): Promise<Southbound> {
  return {
    flows: await northd.logicalFlows(),
    ports: await northd.portBindings(),
    datapaths: await northd.datapaths(),
  };
}

/** A node's switch: the one with most ports. */
async function largestSwitch(remote: string): Promise<string> {
  const [result] = await transact(remote, [
    { op: 'select', table: 'Logical_Switch', where: [], columns: ['name', 'ports'] },
  ]);
  const rows = isObject(result) && isList(result['rows']) ? result['rows'].filter(isObject) : [];
  const size = (row: (typeof rows)[number]): number =>
    isList(row['ports']) && isList(row['ports'][1]) ? row['ports'][1].length : 1;
  return rows.sort((a, b) => size(b) - size(a))[0]?.['name'] as string;
}

/** What the flows mean. A meter's name may hold the UUID of an ACL, and an address set's the tunnel key of a router. */
export const meanings = (flows: ReadonlyMap<string, string>): readonly string[] =>
  [...flows.values()].map((text) => text.replaceAll(UUID, 'UUID').replaceAll(/_rtr_lb_\d+/g, '_rtr_lb_KEY')).sort();
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Flows with the same UUID and the same meaning in both. */
export function common(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map([...before].filter(([uuid, text]) => after.get(uuid) === text));
}

/**
 * Flows that were there before the loss and lived through it. The rest of what stands before the restore northd
 * made at the loss, for port groups that were left with one switch, and it makes those again whoever brings the switch
 * back.
 */
export const survivors = ({ whole, withoutSwitch }: Outcome): ReadonlyMap<string, string> =>
  common(whole.flows, withoutSwitch.flows);

/** Rows with the same key and the same UUID in both. */
export function keptRows(
  before: ReadonlyMap<string, SouthboundRow>,
  after: ReadonlyMap<string, SouthboundRow>,
): number {
  return [...before].filter(([key, { uuid }]) => after.get(key)?.uuid === uuid).length;
}

/** Rows of each table. A restore that gives every row another UUID still brings all of them back. */
export const sizes = (content: DatabaseContent): readonly (readonly [table: string, rows: number])[] =>
  [...content].map(([table, rows]) => [table, rows.size]);
