/** The client of a database: which remote it takes, what it says when there is none, and how it comes back. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isSameSchema } from '../../src/engine/adapt/adapt.js';
import { systemClock } from '../../src/lib/clock.js';
import { type ClientOptions, DatabaseClient, type DatabaseStatus } from '../../src/ovsdb/client.js';
import { ConnectionError } from '../../src/ovsdb/error.js';
import { Framer } from '../../src/ovsdb/frame.js';
import { type Json, parseJson, stringifyJson } from '../../src/ovsdb/json.js';
import { parseRemotes } from '../../src/ovsdb/remote.js';
import { readServerDatabase } from '../../src/ovsdb/server-database.js';
import type { TlsIdentity } from '../../src/ovsdb/tls.js';
import { PlainClient } from '../support/clients/plain-client.js';
import { EVERY_KIND } from '../support/databases/every-kind.js';
import { NORTHBOUND } from '../support/judge/judge.js';
import { installedSchema } from '../support/northbound/make.mjs';
import { makeCertificates, type TestCertificates } from '../support/servers/certificates.js';
import { Door } from '../support/servers/door.js';
import { startOvsdbCluster } from '../support/servers/ovsdb-cluster.js';
import { environment, type ServerTls, startOvsdbServer } from '../support/servers/ovsdb-server.js';
import { TestClock } from '../support/test-clock.js';
import { until } from '../support/until.js';

const DEAD = 'unix:/nonexistent/nb.sock';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-client-test-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function clientOf(remotes: string, options: Partial<ClientOptions> = {}): DatabaseClient {
  return new DatabaseClient({
    remotes: parseRemotes(remotes),
    database: NORTHBOUND,
    clock: systemClock,
    sessionTimeoutMs: 1_000,
    ...options,
  });
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: unknown) => error as Error,
  );
}

/** The remote that served. */
const served = (client: DatabaseClient): Promise<string> =>
  client.withSession({ leader: true }, ({ connection }) => Promise.resolve(connection.remote.text));

describe('parseRemotes', () => {
  it('reads unix, tcp and ssl, names and IPv6 in brackets, in their order', () => {
    expect(parseRemotes('unix:/run/nb.sock, tcp:10.0.0.1:6641,ssl:[fd00::1%eth0]:6641,ssl:nb.example:65535')).toEqual([
      { kind: 'unix', text: 'unix:/run/nb.sock', path: '/run/nb.sock' },
      { kind: 'tcp', text: 'tcp:10.0.0.1:6641', host: '10.0.0.1', port: 6641 },
      { kind: 'ssl', text: 'ssl:[fd00::1%eth0]:6641', host: 'fd00::1%eth0', port: 6641 },
      { kind: 'ssl', text: 'ssl:nb.example:65535', host: 'nb.example', port: 65535 },
    ]);
  });

  it.each(['', 'unix:', 'tcp:10.0.0.1:0', 'tcp:10.0.0.1:65536', 'tcp:fd00::1:6641', 'tcp:a:1,', 'tcp:[fd00::1:6641'])(
    'refuses %j, and says what it takes',
    (text) => {
      expect(() => parseRemotes(text)).toThrow(/" is not a remote: write unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT /);
    },
  );

  it.each([
    ['tcp://10.0.0.1:6641', 'tcp:10.0.0.1:6641'],
    ['TCP:10.0.0.1:6641', 'tcp:10.0.0.1:6641'],
    ['ssl://nb.example:6641/', 'ssl:nb.example:6641'],
    ['https://nb.example:6641', 'ssl:nb.example:6641'],
    ['http://[fd00::1]:6641', 'tcp:[fd00::1]:6641'],
    ['nb.example:6643', 'tcp:nb.example:6643'],
    ['10.0.0.1', 'tcp:10.0.0.1:6641'],
    ['tcp:10.0.0.1', 'tcp:10.0.0.1:6641'],
    ['ssl:[fd00::1]', 'ssl:[fd00::1]:6641'],
    ['ptcp:6641', 'tcp:HOST:6641'],
    ['6641', 'tcp:HOST:6641'],
    ['/var/run/ovn/ovnnb_db.sock', 'unix:/var/run/ovn/ovnnb_db.sock'],
  ])('refuses %j, and asks whether %j is meant', (text, meant) => {
    expect(() => parseRemotes(`unix:/run/nb.sock,${text}`)).toThrow(
      `"${text}" is not a remote: did you mean ${meant}? write unix:PATH, tcp:HOST:PORT`,
    );
  });

  it('quotes no password', () => {
    expect(() => parseRemotes('ssl://nb:secret@10.0.0.1:6641')).toThrow('"ssl://nb:***@10.0.0.1:6641" is not a remote');
  });
});

describe('a session', () => {
  it('knows the schema and what the server says of itself, over unix and over tcp', async () => {
    await using server = await startOvsdbServer({ listen: 'tcp' });
    for (const remote of [server.remote, server.unixRemote]) {
      await clientOf(remote).withSession({ leader: true }, async ({ connection, schema, server: info }) => {
        expect(connection.remote.text).toBe(remote);
        expect(schema.name).toBe(NORTHBOUND);
        expect(schema.tables.get('Logical_Switch_Port')?.isRoot).toBe(false);
        expect(info).toEqual({ model: 'standalone', connected: true, leader: true });
        expect(await readServerDatabase(connection, 'Nowhere', 1_000)).toBeUndefined();
      });
    }
  });

  it('is closed when its work ends, however it ends', async () => {
    await using server = await startOvsdbServer();
    const client = clientOf(server.remote);
    const { connection } = await client.withSession({ leader: false }, (session) => Promise.resolve(session));
    expect((await connection.closed).message).toContain('closed here');
    let failed = connection;
    await expect(
      client.withSession({ leader: false }, (session) => {
        failed = session.connection;
        return Promise.reject(new Error('the work failed'));
      }),
    ).rejects.toThrow('the work failed');
    expect((await failed.closed).message).toContain('closed here');
  });

  it('passes over remotes that are dead, and starts with the one that served last', async () => {
    await using server = await startOvsdbServer();
    const client = clientOf(`${DEAD},tcp:127.0.0.1:1,${server.remote}`);
    expect(await served(client)).toBe(server.remote);
    await using other = await startOvsdbServer();
    const both = clientOf(`${server.remote},${other.remote}`);
    expect(await served(both)).toBe(server.remote);
    await server.kill();
    expect(await served(both)).toBe(other.remote);
    await server.start();
    expect(await served(both)).toBe(other.remote);
    await other.kill();
    expect(await served(both)).toBe(server.remote);
  });

  it('passes over a server of another database and a peer that talks nonsense, and names both when there is nothing else', async () => {
    const schemaFile = join(folder, 'every.ovsschema');
    await writeFile(schemaFile, stringifyJson(EVERY_KIND.json));
    await using stranger = await startOvsdbServer({ database: schemaFile });
    await using server = await startOvsdbServer();
    const garbage = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .resume()
        .end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    const path = join(folder, 'garbage.sock');
    await new Promise<void>((resolve) => garbage.listen(path, resolve));
    try {
      expect(await served(clientOf(`unix:${path},${stranger.remote},${server.remote}`))).toBe(server.remote);
      const error = await failureOf(served(clientOf(`unix:${path},${stranger.remote}`, { sessionTimeoutMs: 0 })));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error.message).toContain(`${NORTHBOUND} cannot be reached: unix:${path}: sent what is no OVSDB`);
      expect(error.message).toContain(`${stranger.remote}: does not serve ${NORTHBOUND}`);
    } finally {
      await new Promise((resolve) => garbage.close(resolve));
    }
  });

  it('is given up after the time limit, with what each remote said', async () => {
    const error = await failureOf(served(clientOf(`${DEAD},tcp:127.0.0.1:1`)));
    expect(error.message).toMatch(/unix:\/nonexistent.*ENOENT.*; tcp:127\.0\.0\.1:1: .*ECONNREFUSED/);
    const stop = new AbortController();
    const waiting = failureOf(
      clientOf(DEAD, { sessionTimeoutMs: 60_000 }).openSession({ leader: true, signal: stop.signal }),
    );
    stop.abort();
    expect((await waiting).message).toContain('cannot be reached');
  });

  it('is looked for until the time limit, and no pause is longer than what is left of it', async () => {
    const clock = new TestClock();
    const waiting = failureOf(clientOf(DEAD, { clock }).openSession({ leader: true, timeoutMs: 20_000 }));
    let failure: Error | undefined;
    void waiting.then((error) => (failure = error));
    while (failure === undefined) {
      await until(() => failure !== undefined || clock.waiting > 0);
      clock.advance(clock.nextInMs ?? 0);
    }
    expect(failure.message).toContain('cannot be reached');
    // the look that began within the limit may have been waited for
    expect(clock.monotonic()).toBeGreaterThanOrEqual(20_000);
    expect(clock.monotonic()).toBeLessThanOrEqual(21_000);
  });

  it('is given up in the middle of a pause', async () => {
    const clock = new TestClock();
    const stop = new AbortController();
    const client = clientOf(DEAD, { clock });
    const waiting = failureOf(client.openSession({ leader: true, timeoutMs: 60_000, signal: stop.signal }));
    await until(() => clock.nextInMs === 250); // the first pause
    stop.abort();
    expect((await waiting).message).toContain('cannot be reached');
    expect([clock.monotonic(), clock.waiting]).toEqual([0, 0]);
  });

  it('leaves no connection behind where several remotes lead and a follower is asked for', async () => {
    await using cluster = await startOvsdbCluster({ members: 1 });
    await cluster.settled();
    // three more addresses of the leader, as virtual ones are
    const doors = await Promise.all([1, 2, 3].map((n) => Door.open(join(folder, `door-${n}.sock`), cluster.remote(0))));
    const open = (): number => doors.reduce((sum, door) => sum + door.open, 0);
    try {
      const client = clientOf(doors.map(({ remote }) => remote).join(','), { sessionTimeoutMs: 20_000 });
      for (let i = 0; i < 3; i++) {
        const { connection, server } = await client.openSession({ leader: false, avoidLeader: true });
        expect(server.leader).toBe(true);
        await until(() => open() === 1);
        connection.close();
        await until(() => open() === 0);
      }
    } finally {
      for (const door of doors) await door[Symbol.asyncDispose]();
    }
  });

  it('waits for a server that comes up within the time limit', async () => {
    await using server = await startOvsdbServer();
    await server.kill();
    const waiting = served(clientOf(server.remote, { sessionTimeoutMs: 20_000 }));
    await sleep(300);
    await server.start();
    expect(await waiting).toBe(server.remote);
  });

  it('ends with the reason when its database is converted, and goes on when another one is taken up', async () => {
    await using server = await startOvsdbServer();
    const client = clientOf(server.remote);
    client.start();
    try {
      await until(() => client.status.connected);
      const { connection } = await client.openSession({ leader: true });
      await using control = await PlainClient.open(`unix:${join(server.folder, 'server.ctl')}`);
      const other = join(folder, 'other.db');
      const env = environment();
      const schema = JSON.parse(await readFile(installedSchema(), 'utf8')) as object;
      const [schemaFile, otherFile] = [join(folder, 'converted.ovsschema'), join(folder, 'other.ovsschema')];
      await writeFile(schemaFile, JSON.stringify({ ...schema, version: '99.0.0' }));
      await writeFile(otherFile, JSON.stringify({ ...schema, name: 'Other' }));
      await promisify(execFile)('ovsdb-tool', ['create', other, otherFile], { env });
      await control.request('ovsdb-server/add-db', [other]);
      expect(await connection.request('list_dbs', [], { timeoutMs: 60_000 })).toContain('Other');
      await promisify(execFile)('ovsdb-client', ['convert', server.remote, schemaFile], { env });
      expect((await connection.closed).message).toBe(
        `${server.remote}: ${NORTHBOUND} was converted to another schema, or is not served any more`,
      );
      // the watching connection begins again without a word
      await until(() => client.status.schemaVersion === '99.0.0');
    } finally {
      await client.stop();
    }
  });

  it('is not had from a server that is paused, and does not wait for ever', async () => {
    await using server = await startOvsdbServer();
    server.pause();
    const error = await failureOf(served(clientOf(server.remote, { requestTimeoutMs: 200, sessionTimeoutMs: 0 })));
    expect(error.message).toContain('no answer to "list_dbs" within 200 ms');
  });

  it('that is given up says for how long nothing was heard', async () => {
    const path = join(folder, 'silent.sock');
    let isAsked = false;
    const silent = createServer((socket) => {
      socket.on('error', () => undefined).on('data', () => (isAsked = true));
    });
    await new Promise<void>((resolve) => silent.listen(path, resolve));
    try {
      const clock = new TestClock();
      const stop = new AbortController();
      const waiting = failureOf(clientOf(`unix:${path}`, { clock }).openSession({ leader: true, signal: stop.signal }));
      await until(() => isAsked);
      clock.advance(4_200);
      stop.abort();
      expect((await waiting).message).toBe(
        `${NORTHBOUND} cannot be reached: unix:${path}: "list_dbs" was given up: nothing was heard for 4.2 s`,
      );
    } finally {
      silent.close();
    }
  });
});

describe('a cluster of one', () => {
  it('is known for a cluster with a leader, and has the same schema but for "ephemeral"', async () => {
    const [file, socket] = [join(folder, 'cluster.db'), join(folder, 'cluster.sock')];
    await promisify(execFile)(
      'ovsdb-tool',
      ['create-cluster', file, installedSchema(), `unix:${join(folder, 'raft.sock')}`],
      { env: environment() },
    );
    const words = [
      '--no-chdir',
      `--unixctl=${join(folder, 'cluster.ctl')}`,
      '-vconsole:off',
      '-vsyslog:off',
      `--remote=punix:${socket}`,
      file,
    ];
    await using standalone = await startOvsdbServer();
    const alone = await clientOf(standalone.remote).withSession({ leader: true }, ({ schema }) =>
      Promise.resolve(schema),
    );
    expect(alone.tables.get('Connection')?.columns.get('status')?.ephemeral).toBe(true);
    const member = spawn('ovsdb-server', words, { env: environment(), stdio: 'ignore' });
    const ended = once(member, 'exit');
    try {
      await clientOf(`unix:${socket}`, { sessionTimeoutMs: 20_000 }).withSession(
        { leader: true },
        ({ server, schema }) => {
          expect(server).toEqual({
            model: 'clustered',
            connected: true,
            leader: true,
            clusterId: expect.any(String),
          });
          expect(schema.tables.get('Connection')?.columns.get('status')?.ephemeral).toBe(false);
          expect(isSameSchema(schema, alone)).toBe(true);
          return Promise.resolve();
        },
      );
    } finally {
      member.kill();
      await ended;
    }
  });
});

describe('ssl: remotes', () => {
  let certificates: TestCertificates;
  beforeAll(async () => {
    certificates = await makeCertificates(folder);
  });

  async function identityOf(files: ServerTls, caCertificate = files.caCertificate): Promise<TlsIdentity> {
    const [privateKey, certificate, ca] = await Promise.all(
      [files.privateKey, files.certificate, caCertificate].map((file) => readFile(file, 'utf8')),
    );
    return { privateKey: privateKey ?? '', certificate: certificate ?? '', caCertificate: ca ?? '' };
  }

  it('serve a client of their authority, and nobody else', async () => {
    await using server = await startOvsdbServer({ listen: 'ssl', tls: certificates.server });
    expect(server.remote).toMatch(/^ssl:/);
    expect(await served(clientOf(server.remote, { tls: await identityOf(certificates.client) }))).toBe(server.remote);
    const strict = { sessionTimeoutMs: 0 };
    // trusts the server, but shows a certificate that the server does not know
    const stranger = await failureOf(
      served(
        clientOf(server.remote, {
          ...strict,
          tls: await identityOf(certificates.stranger, certificates.caCertificate),
        }),
      ),
    );
    expect(stranger).toBeInstanceOf(ConnectionError);
    expect(stranger.message).toContain(server.remote);
    // shows a good certificate, but does not trust the server
    const distrustful = await failureOf(
      served(
        clientOf(server.remote, {
          ...strict,
          tls: await identityOf(certificates.client, certificates.stranger.caCertificate),
        }),
      ),
    );
    expect(distrustful.message).toMatch(/unable to verify|self-signed|unable to get/);
    const bare = await failureOf(served(clientOf(server.remote, strict)));
    expect(bare.message).toContain('needs a private key, a certificate and a CA certificate');
    expect(await served(clientOf(server.remote, { tls: await identityOf(certificates.client) }))).toBe(server.remote);
  });
});

describe('the watching client', () => {
  it('says when the database goes and why, and comes back by itself', async () => {
    await using server = await startOvsdbServer();
    const statuses: DatabaseStatus[] = [];
    const client = clientOf(`${DEAD},${server.remote}`, { onStatus: (status) => statuses.push(status) });
    expect(client.status).toEqual({ connected: false, error: 'not connected yet' });
    client.start();
    client.start();
    try {
      await until(() => client.status.connected);
      expect(client.status).toMatchObject({ connected: true, clustered: false, leader: true, remote: server.remote });
      expect(client.status.schemaVersion).toMatch(/^\d+\.\d+\.\d+$/);
      await server.kill();
      await until(() => !client.status.connected);
      expect(client.status.error).toContain(server.remote);
      await until(() => client.status.error?.includes('cannot be reached') === true);
      await server.start();
      await until(() => client.status.connected);
      await server.restart();
      await until(
        () => statuses.at(-1)?.connected === true && statuses.filter(({ connected }) => connected).length >= 3,
      );
      // nobody is told the same thing twice
      statuses.slice(1).forEach((status, i) => {
        expect(status).not.toEqual(statuses[i]);
      });
    } finally {
      await client.stop();
    }
  });

  it('hears of a change that comes right after its first look', async () => {
    // a peer whose member loses its cluster as soon as it has said that all is well
    const path = join(folder, 'changing.sock');
    let row = { model: 'clustered', connected: true, leader: true };
    const schema = { name: NORTHBOUND, version: '1.0.0', tables: { T: { columns: { c: { type: 'string' } } } } };
    const peer = createServer((socket) => {
      let isMonitored = false;
      const answers: Readonly<Record<string, () => Json>> = {
        list_dbs: () => [NORTHBOUND, '_Server'],
        get_schema: () => schema,
        monitor_cond: () => {
          isMonitored = true;
          return {};
        },
        transact: () => [{ rows: [{ ...row }] }],
        echo: () => [],
      };
      const framer = new Framer((document) => {
        const { id, method } = parseJson(document.toString()) as { id: number; method: string };
        socket.write(stringifyJson({ id, result: answers[method]?.() ?? null, error: null }));
        if (method !== 'transact' || !row.connected) return;
        row = { ...row, connected: false, leader: false };
        if (isMonitored) socket.write('{"id":null,"method":"update2","params":["server-database",{}]}');
      }, 1 << 20);
      socket.on('data', (chunk) => framer.push(chunk)).on('error', () => undefined);
    });
    await new Promise<void>((resolve) => peer.listen(path, resolve));
    const told: DatabaseStatus[] = [];
    const client = clientOf(`unix:${path}`, { onStatus: (status) => told.push(status) });
    client.start();
    try {
      await until(() => told.some(({ error }) => error?.includes('has lost its cluster') === true));
      expect(client.status.connected).toBe(false);
    } finally {
      await client.stop();
      peer.close();
    }
  });

  it('starts while there is no server, and stops at once when it is told to', async () => {
    const client = clientOf(DEAD);
    client.start();
    await until(() => client.status.error?.includes('ENOENT') === true);
    await client.stop();
    await clientOf(DEAD).stop();
  });
});
