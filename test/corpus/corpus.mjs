#!/usr/bin/env node
// Restores every database of a folder, and says where one did not come back:
//
//   node test/corpus/corpus.mjs DIR [SCHEMAS] [--build DIST]
//
// DIR      a folder of standalone Northbound databases (*.db)
// SCHEMAS  a folder of *.ovsschema: every database is also restored into one of each version, with force
// --build  where the compiled project is; default dist/
//
// For each database, on a server of its own: back up, empty, restore exactly, from each of the three formats; then,
// exactly, onto each of the three that follow in the list, in one transaction that leaves matched rows their UUIDs;
// then, after `ovsdb-client restore`, which gives every row a new UUID, a restore that has nothing to do. One line for
// each database, a summary, and exit status 1 when anything failed.

import { randomUUID } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { DATABASE, Ovsdb, run } from '../bench/processes.mjs';
import { dump, exactText, firstDifference, likeText } from './judge.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { build: { type: 'string', default: 'dist' } },
});
const [folder, schemas] = positionals;
if (folder === undefined) {
  process.stderr.write('usage: node test/corpus/corpus.mjs DIR [SCHEMAS] [--build DIST]\n');
  process.exit(2);
}
const load = (path) => import(pathToFileURL(join(resolve(values.build), path)).href);
const { packArchive } = await load('archive/pack.js');
const { unpackArchive } = await load('archive/unpack.js');
const { adapt } = await load('engine/adapt/adapt.js');
const { applyPlan } = await load('engine/apply/apply.js');
const { FollowedDatabase } = await load('engine/capture/followed-database.js');
const { makePlan } = await load('engine/plan/plan.js');
const { verifyPlan } = await load('engine/verify/verify.js');
const { Breath } = await load('lib/breath.js');
const { systemClock: clock } = await load('lib/clock.js');
const { identify, NO_MATCH } = await load('engine/identify/identify.js');
const { countRows, countTables } = await load('model/snapshot/snapshot.js');
const { DatabaseClient } = await load('ovsdb/client.js');
const { parseRemotes } = await load('ovsdb/remote.js');

const FORMATS = ['JSON', 'YAML', 'OVSDB'];
const OTHERS = 3;
const EXACT = { policy: 'OVERWRITE', exact: true, restoreAccess: true };

/** One capture that keeps nothing open afterwards. */
async function capture(session) {
  const followed = await FollowedDatabase.capture(session, { clock });
  try {
    return await followed.current();
  } finally {
    await followed.release();
  }
}

class Failure extends Error {}

function check(condition, message) {
  if (!condition) throw new Failure(typeof message === 'function' ? message() : message);
}

function equal(a, b, what) {
  check(a === b, () => `${what}: ${firstDifference(a, b)}`);
}

/** One server, and a restore of this project's into it. */
class Database {
  constructor(place) {
    this.ovsdb = new Ovsdb(place);
    this.client = new DatabaseClient({ remotes: parseRemotes(this.ovsdb.remote), database: DATABASE, clock });
  }

  get remote() {
    return this.ovsdb.remote;
  }

  capture() {
    return this.client.withSession({ leader: true }, (session) => capture(session));
  }

  /** Transactions in the server's file. */
  transactions() {
    return readFileSync(this.ovsdb.file, 'latin1').match(/^OVSDB JSON /gm)?.length ?? 0;
  }

  async plan(backup, force = false) {
    const live = await this.capture();
    const breath = new Breath();
    const { snapshot } = await adapt(backup, live.schema, force, breath);
    return makePlan(snapshot, live, await identify(snapshot, live, breath), EXACT, breath);
  }

  async restore(backup, force = false) {
    const plan = await this.plan(backup, force);
    check(plan.problems.length === 0, () => `cannot be restored: ${plan.problems[0].message}`);
    const before = this.transactions();
    if (plan.changeCount > 0)
      await this.client.withSession({ leader: true }, (session) => applyPlan(session, plan, { comment: 'corpus' }));
    const sent = this.transactions() - before;
    check(sent === (plan.changeCount > 0 ? 1 : 0), `${sent} transactions for ${plan.changeCount} changes`);
    const { problems, warnings } = await verifyPlan(plan, await this.capture(), new Breath());
    check(
      problems.length + warnings.length === 0,
      () => `not as planned: ${[...problems.map(({ message }) => message), ...warnings][0]}`,
    );
    const again = await this.plan(backup, force);
    check(again.changeCount === 0, () => `a second restore would change ${told(again)}`);
    return plan;
  }

  /** Every row gone and back under another UUID. */
  wipeAndReload() {
    const copy = `${this.ovsdb.file}.copy`;
    run('sh', ['-c', `ovsdb-client backup "$0" ${DATABASE} > "$1"`, this.remote, copy]);
    const input = openSync(copy, 'r');
    run('ovsdb-client', ['restore', this.remote, DATABASE], { stdio: [input, 'pipe', 'pipe'] });
    closeSync(input);
  }

  empty() {
    const tables = Object.keys(
      JSON.parse(run('ovsdb-client', ['get-schema', this.remote, DATABASE], { encoding: 'utf8' })).tables,
    );
    run('ovsdb-client', [
      'transact',
      this.remote,
      JSON.stringify([DATABASE, ...tables.map((table) => ({ op: 'delete', table, where: [] }))]),
    ]);
  }
}

function told(plan) {
  const tables = plan.tables.flatMap(({ table, outcomes, updates, deletes }) =>
    updates.size + deletes.length + outcomes.filter((outcome) => outcome === 1).length === 0 ? [] : [table.name],
  );
  return `${plan.changeCount} rows of ${tables.join(', ')}`;
}

async function archived(snapshot, format) {
  const header = {
    id: randomUUID(),
    name: 'corpus',
    createdAt: new Date().toISOString(),
    createdBy: 'corpus',
    database: 'nb',
    schemaName: snapshot.schema.name,
    schemaVersion: snapshot.schema.version,
    type: 'FULL',
    tables: countTables(snapshot),
    rowCount: countRows(snapshot),
  };
  const { bytes } = packArchive(snapshot, { format, compress: format !== 'OVSDB', header });
  return (await unpackArchive(bytes, { contentBytesMax: 1 << 30, clock })).snapshot;
}

/** From each format into the emptied database, back to what it was to the last value. */
async function roundTrips(database, backup) {
  const before = exactText(dump(database.remote));
  for (const format of FORMATS) {
    database.empty();
    await database.restore(await archived(backup, format));
    equal(before, exactText(dump(database.remote)), `from ${format}`);
  }
}

/** Onto another database, which then is what was backed up, but for the UUIDs that it had already. */
async function onto(database, backup, like, other) {
  await database.ovsdb.serve(other);
  const { identity, live } = await database.restore(backup);
  const after = dump(database.remote);
  equal(like, likeText(after), `onto ${basename(other)}`);
  for (const [table, matches] of identity.matches) {
    for (const match of matches)
      check(
        match === NO_MATCH || after.get(table).has(live.tables.get(table).uuid(match)),
        `onto ${basename(other)}: a row of ${table} lost its UUID`,
      );
  }
}

async function afterReload(database, backup, file) {
  await database.ovsdb.serve(file);
  database.wipeAndReload();
  const plan = await database.plan(backup);
  check(plan.changeCount === 0, () => `after ovsdb-client restore, a restore would change ${told(plan)}`);
  check(plan.warnings.length === 0, () => `after ovsdb-client restore: ${plan.warnings[0]}`);
}

async function restoreEverything(database, files, index) {
  const file = files[index];
  await database.ovsdb.serve(file);
  const backup = await database.capture();
  backups.push([file, backup]);
  const like = likeText(dump(database.remote));
  await roundTrips(database, backup);
  const others = Array.from(
    { length: Math.min(OTHERS, files.length - 1) },
    (_, i) => files[(index + 1 + i) % files.length],
  );
  for (const other of others) await onto(database, backup, like, other);
  await afterReload(database, backup, file);
  return { backup, others: others.length };
}

const files = readdirSync(folder)
  .filter((name) => name.endsWith('.db'))
  .sort()
  .map((name) => resolve(folder, name))
  .filter((path) => statSync(path).isFile());
const place = mkdtempSync(join(tmpdir(), 'ovncp-corpus-'));
const database = new Database(place);
const backups = [];
let failures = 0;

async function attempt(what, work) {
  const began = performance.now();
  try {
    const said = await work();
    process.stdout.write(`ok      ${what}: ${said} (${((performance.now() - began) / 1000).toFixed(1)} s)\n`);
  } catch (error) {
    failures++;
    process.stdout.write(`FAILED  ${what}: ${error instanceof Failure ? error.message : (error.stack ?? error)}\n`);
  }
}

try {
  for (const [index, file] of files.entries()) {
    await attempt(basename(file), async () => {
      const { backup, others } = await restoreEverything(database, files, index);
      return `${countRows(backup)} rows, ${FORMATS.length} formats, onto ${others} others, after ovsdb-client restore`;
    });
  }
  for (const name of schemas === undefined
    ? []
    : readdirSync(schemas)
        .filter((entry) => entry.endsWith('.ovsschema'))
        .sort()) {
    await attempt(name, async () => {
      const empty = join(place, `${name}.db`);
      run('ovsdb-tool', ['create', empty, resolve(schemas, name)]);
      await database.ovsdb.serve(empty);
      for (const [file, backup] of backups) {
        try {
          await database.restore(backup, true);
        } catch (error) {
          throw new Failure(`${basename(file)}: ${error.message}`);
        }
      }
      return `${backups.length} databases, one after the other`;
    });
  }
} finally {
  await database.ovsdb.stop();
  rmSync(place, { recursive: true, force: true });
}
process.stdout.write(`${files.length} databases, ${failures} failures\n`);
process.exitCode = failures > 0 || files.length === 0 ? 1 : 0;
