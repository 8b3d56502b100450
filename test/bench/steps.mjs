// node test/bench/steps.mjs [--rows 100000 --profile k8s --step-rows 2000 --step-mib 1 --pause 0.25 --one --build DIR]
//
// A plan in steps on a cluster of three with the default election timer: all rows into an empty database, and
// all of them out again, with leader and term before and after. With --one the same rows as one transaction, on a
// cluster of its own, for comparison. --pause: how long to wait after a step, as a part of what it took. Needs a build
// (npm run build).

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { installedSchema, makeNorthbound } from '../support/northbound/make.mjs';
import { Cluster } from './cluster.mjs';
import { DATABASE, Ovsdb } from './processes.mjs';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    profile: { type: 'string', default: 'k8s' },
    'step-rows': { type: 'string', default: '2000' },
    'step-mib': { type: 'string', default: '1' },
    pause: { type: 'string', default: '0.25' },
    one: { type: 'boolean', default: false },
    build: { type: 'string', default: fileURLToPath(new URL('../../dist', import.meta.url)) },
  },
});
const [rows, stepRows, stepMib, pause] = [options.rows, options['step-rows'], options['step-mib'], options.pause].map(
  Number,
);
if (![rows, stepRows].every((value) => Number.isInteger(value) && value > 0) || !(stepMib > 0) || !(pause >= 0)) {
  console.error('steps: --rows and --step-rows take whole numbers, --step-mib and --pause numbers');
  process.exit(2);
}

const load = (file) => import(pathToFileURL(join(resolve(options.build), file)).href);
const [
  { DatabaseClient },
  { parseRemotes },
  { FollowedDatabase },
  { makePlan },
  { identify },
  { applyPlan, applyTransaction },
  { cutIntoTransactions },
  { verifyPlan },
  { Breath },
  { systemClock: clock },
] = await Promise.all(
  [
    'ovsdb/client.js',
    'ovsdb/remote.js',
    'engine/capture/followed-database.js',
    'engine/plan/plan.js',
    'engine/identify/identify.js',
    'engine/apply/apply.js',
    'engine/apply/transactions.js',
    'engine/verify/verify.js',
    'lib/breath.js',
    'lib/clock.js',
  ].map(load),
);
/** One capture that keeps nothing open afterwards. */
async function capture(session) {
  const followed = await FollowedDatabase.capture(session, { clock });
  try {
    return await followed.current();
  } finally {
    await followed.release();
  }
}

const EXACT = { policy: 'OVERWRITE', exact: true, restoreAccess: true };
const EMPTY_TIMEOUT_MS = 600_000;
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
const say = ({ leader, term }) => `member ${leader} in term ${term}`;

const clientOf = (remotes) =>
  new DatabaseClient({ database: DATABASE, remotes: parseRemotes(remotes), clock, sessionTimeoutMs: 60_000 });
const leading = (client, work) => client.withSession({ leader: true }, work);
const captured = (remotes) => clientOf(remotes).withSession({ leader: false }, (session) => capture(session));

async function planFor(wanted, remotes) {
  const breath = new Breath();
  const live = await captured(remotes);
  return makePlan(wanted, live, await identify(wanted, live, breath), EXACT, breath);
}

/** Processor time of a process so far, in ms: a clock tick is 10 ms on Linux. */
function processorMs(pid) {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).map(Number);
  return 10 * (user + system);
}

async function inSteps(client, plan, leaderPid) {
  const began = performance.now();
  const steps = await cutIntoTransactions(plan, { rowsMax: stepRows, bytesMax: stepMib * 2 ** 20 }, new Breath());
  if (steps === 'ONE') throw new Error('this plan is one transaction: ask for more rows or smaller steps');
  const planned = performance.now() - began;
  const took = [];
  const busy = [];
  await leading(client, async (session) => {
    for (const step of steps) {
      const start = performance.now();
      const before = processorMs(leaderPid);
      await applyTransaction(session, step, { comment: `bench, step ${step.number} of ${steps.length}` });
      took.push(performance.now() - start);
      busy.push(processorMs(leaderPid) - before);
      await sleep(took.at(-1) * pause);
    }
  });
  const longest = Math.max(...took);
  return (
    `${steps.length} steps, ordered in ${seconds(planned)}; the longest, number ${took.indexOf(longest) + 1}, took ` +
    `${seconds(longest)}; the leader's processor time: ${seconds(busy.reduce((a, b) => a + b))}, ` +
    `${seconds(Math.max(...busy))} in one step (number ${busy.indexOf(Math.max(...busy)) + 1})`
  );
}

/**
 * Carries a plan out and says what it did to the cluster. Plans are made from a follower: reading all rows would cost
 * the leader its lead.
 */
async function watched(what, cluster, wanted, apply) {
  const before = await cluster.settled();
  const remotes = [0, 1, 2].map((n) => cluster.remote(n)).join(',');
  const follower = cluster.remote((before.leader + 1) % 3);
  const plan = await planFor(wanted, follower);
  const began = performance.now();
  let outcome;
  try {
    outcome = await apply(clientOf(remotes), plan, cluster.children[before.leader].pid);
  } catch (error) {
    outcome = `FAILED: ${error.message}`;
  }
  const ms = performance.now() - began;
  const after = await cluster.settled();
  const { problems, asPlanned, touched } = await verifyPlan(
    plan,
    await captured(cluster.remote((after.leader + 1) % 3)),
    new Breath(),
  );
  const unchanged = before.leader === after.leader && before.term === after.term;
  console.log(`${what}: ${seconds(ms)}; ${outcome}`);
  console.log(
    `  ${say(before)}, then ${say(after)}${unchanged ? '' : ': CHANGED'}; ${asPlanned} of ${touched} rows as ` +
      `planned${problems.length > 0 ? `: ${problems[0].message}` : ''}`,
  );
}

const folder = mkdtempSync(join(tmpdir(), 'ovncp-steps-'));
const stopped = [];
try {
  const file = join(folder, 'nb.db');
  const made = makeNorthbound({ profile: options.profile, rows, out: file });
  console.log(
    `${made.rows} rows (${options.profile}, ${(made.bytes / 1e6).toFixed(0)} MB), steps of ${stepRows} rows and ` +
      `${stepMib} MiB at most, pauses of ${pause}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}`,
  );
  const source = new Ovsdb(join(folder, 'source'));
  const nothing = new Ovsdb(join(folder, 'nothing'));
  stopped.push(source, nothing);
  await source.serve(file);
  const full = await captured(source.remote);
  await source.stop();
  await nothing.serve();
  const empty = await captured(nothing.remote);
  const cluster = await Cluster.start(join(folder, 'three'), installedSchema());
  stopped.push(cluster);
  await watched('all in, in steps', cluster, full, inSteps);
  await watched('all out, in steps', cluster, empty, inSteps);
  await cluster.stop();
  if (options.one) {
    const other = await Cluster.start(join(folder, 'three-more'), installedSchema());
    stopped.push(other);
    await watched('all in, as one transaction', other, full, async (client, plan) => {
      await leading(client, (session) => applyPlan(session, plan, { comment: 'bench', timeoutMs: EMPTY_TIMEOUT_MS }));
      return 'committed';
    });
  }
} finally {
  await Promise.all(stopped.map((process) => process.stop()));
  rmSync(folder, { recursive: true, force: true });
}
