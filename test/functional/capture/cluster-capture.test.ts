/** Captures of a real cluster: what they read, that they read little at a time, and that the leader stays. */
import { join } from 'node:path';
import { type CaptureOptions, FollowedDatabase } from '../../../src/engine/capture/followed-database.js';
import { systemClock } from '../../../src/lib/clock.js';
import { countRows, type Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { DatabaseClient } from '../../../src/ovsdb/client.js';
import { parseRemotes } from '../../../src/ovsdb/remote.js';
import { readLogIndex, waitForLogIndex } from '../../../src/ovsdb/server-database.js';
import { openCurrentSession } from '../../../src/service/database/current-session.js';
import { failureOf, textsOf } from '../../support/databases/every-kind.js';
import { RandomWriter } from '../../support/databases/random-writer.js';
import { compareDatabases, dumpDatabase, NORTHBOUND, transact } from '../../support/judge/judge.js';
import { contentOf } from '../../support/judge/snapshot-content.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { Door } from '../../support/servers/door.js';
import { startOvsdbCluster } from '../../support/servers/ovsdb-cluster.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

/** On that one server, leader or not. */
function holding<T>(
  remote: string,
  options: Partial<CaptureOptions>,
  work: (held: FollowedDatabase) => Promise<T>,
): Promise<T> {
  const client = new DatabaseClient({ remotes: parseRemotes(remote), database: NORTHBOUND, clock: systemClock });
  return client.withSession({ leader: false }, async (session) => {
    const held = await FollowedDatabase.capture(session, { clock: systemClock, ...options });
    try {
      return await work(held);
    } finally {
      await held.release();
    }
  });
}

const captured = (remote: string, options: Partial<CaptureOptions>): Promise<Snapshot> =>
  holding(remote, options, (held) => held.current());

describe('a capture of a cluster', () => {
  // with an election timer that no busy machine exceeds: test/bench/silence.mjs measures with the default one
  it('leaves leader and term as they were, and reads little at a time: paced from the leader, 10,000 rows', async () => {
    const database = databaseFile({ profile: 'k8s', rows: 10_000 });
    await using cluster = await startOvsdbCluster({ database, electionTimerMs: 10_000 });
    const leader = await cluster.settled();
    const term = await cluster.term();
    const lengths: number[] = [];
    await using door = await Door.open(join(cluster.folder, 'door.sock'), cluster.remote(leader), {
      onAnswered: (text, way) => {
        lengths.push(text.length);
        way.answer(text);
      },
    });
    const snapshot = await captured(door.remote, { mode: 'PACED' });
    expect(countRows(snapshot)).toBe(10_000);
    expect([await cluster.settled(), await cluster.term()]).toEqual([leader, term]);
    // in one reply a leader would make it all
    expect(Math.max(...lengths)).toBeLessThan(lengths.reduce((sum, length) => sum + length, 0) / 8);
  });

  it('is the database at one instant, from the leader and from a follower, while others write', async () => {
    await using cluster = await startOvsdbCluster({ database: databaseFile({ profile: 'k8s', rows: 1_500 }) });
    const leader = await cluster.settled();
    const follower = (leader + 1) % 3;
    const writer = new RandomWriter(cluster.remote(leader), 1);
    const writing = writer.run();
    await holding(cluster.remote(leader), { mode: 'PACED' }, async (paced) => {
      await holding(cluster.remote(follower), { mode: 'FAST' }, async (fast) => {
        for (let i = 0; i < 5; i++)
          for (const held of [paced, fast]) expect(writer.broken(await held.sync())).toEqual([]);
        writer.stop();
        await writing;
        expect(writer.committed).toBeGreaterThan(10);
        const judged = await dumpDatabase(cluster.remote(leader));
        const leaders = await paced.sync();
        expect(compareDatabases(contentOf(leaders), judged)).toEqual([]);
        // the last transaction comes to followers with the next message of the leader
        await until(async () => compareDatabases(contentOf(await fast.sync()), judged).length === 0);
        expect(textsOf(await fast.sync())).toEqual(textsOf(leaders));
      });
    });
  });

  it('from a follower holds what the leader answered before it was asked for, or says why it may not', async () => {
    await using cluster = await startOvsdbCluster();
    const leader = await cluster.settled();
    const follower = (leader + 1) % 3;
    const clientOf = (...members: readonly number[]): DatabaseClient =>
      new DatabaseClient({
        remotes: parseRemotes(members.map((member) => cluster.remote(member)).join(',')),
        database: NORTHBOUND,
        clock: systemClock,
        sessionTimeoutMs: members.length === 1 ? 0 : 20_000,
      });
    const write = (name: string): Promise<unknown> =>
      transact(cluster.remote(leader), [{ op: 'insert', table: 'Address_Set', row: { name } }]);
    for (let i = 1; i <= 5; i++) {
      await write(`set-${i}`);
      const { session, warnings } = await openCurrentSession(clientOf(follower, leader), { clock: systemClock });
      try {
        expect([session.connection.remote.text, warnings]).toEqual([cluster.remote(follower), []]);
        const held = await FollowedDatabase.capture(session, { clock: systemClock });
        expect(countRows(await held.current())).toBe(i);
      } finally {
        session.connection.close();
      }
    }
    const alone = await openCurrentSession(clientOf(follower), { clock: systemClock });
    const { connection } = alone.session;
    try {
      expect(alone.warnings).toEqual([
        expect.stringMatching(
          /, which does not lead its cluster, and the leader could not be asked .* may be missing$/,
        ),
      ]);
      // it waits as long as the log is shorter than that, and for no longer than it was told to
      const index = (await readLogIndex(connection, NORTHBOUND, 10_000)) ?? -1;
      const clock = new TestClock();
      const limits = { clock, timeoutMs: 10_000, waitMs: 30_000 };
      expect(await waitForLogIndex(connection, NORTHBOUND, index, limits)).toBe(true);
      const early = waitForLogIndex(connection, NORTHBOUND, index + 1, limits);
      await until(() => clock.waiting === 1);
      await write('one more');
      await until(async () => ((await readLogIndex(connection, NORTHBOUND, 10_000)) ?? -1) > index);
      clock.advance(clock.nextInMs ?? 0);
      expect(await early).toBe(true);
      const late = waitForLogIndex(connection, NORTHBOUND, index + 1_000, limits);
      await until(() => clock.waiting === 1);
      clock.advance(30_000);
      expect(await late).toBe(false);
    } finally {
      connection.close();
    }
  });

  it('goes on where the leadership moves, and ends with a ConnectionError where its server dies', async () => {
    await using cluster = await startOvsdbCluster({ database: databaseFile({ profile: 'k8s', rows: 1_500 }) });
    const leader = await cluster.settled();
    const follower = (leader + 1) % 3;
    await holding(cluster.remote(follower), { mode: 'PACED' }, async (held) => {
      let killed: Promise<void> | undefined;
      const failure = await failureOf(
        captured(cluster.remote(leader), {
          mode: 'PACED',
          onProgress: () => {
            killed ??= cluster.kill(leader);
          },
        }),
      );
      expect(failure.code).toMatch(/^ConnectionError/);
      await killed;
      const writer = new RandomWriter(cluster.remote(await cluster.settled()), 2);
      const writing = writer.run();
      for (let i = 0; i < 5; i++) expect(writer.broken(await held.sync())).toEqual([]);
      writer.stop();
      await writing;
      const judged = await dumpDatabase(cluster.remote(await cluster.leader()));
      await until(async () => compareDatabases(contentOf(await held.sync()), judged).length === 0);
    });
  });
});
