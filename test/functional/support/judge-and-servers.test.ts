// The tests' own tools: the server, the generator and the judge. A judge that cannot say no
// would make every other test worthless, so it is shown databases that differ.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect } from 'node:tls';
import { startDemoDatabase } from '../../../src/demo/ovsdb-server.js';
import { PlainClient } from '../../support/clients/plain-client.js';
import { parseExact, printExact } from '../../support/judge/exact-json.js';
import { compareDatabases, dumpDatabase, emptyDatabase, rowCount, transact } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { makeNorthbound } from '../../support/northbound/make.mjs';
import { ENDING_WITH_US } from '../../support/programs/daemon.js';
import { makeCertificates } from '../../support/servers/certificates.js';
import { environment, nbctl, startOvsdbServer } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('the ovsdb-server of the tests', () => {
  it('starts, serves ovn-nbctl, and leaves nothing behind', async () => {
    const server = await startOvsdbServer();
    const { pid, folder } = server;
    await nbctl(server.remote, 'ls-add', 'web', '--', 'lsp-add', 'web', 'web-1');
    expect(await nbctl(server.remote, '--bare', '--columns=name', 'find', 'Logical_Switch_Port')).toBe('web-1\n');
    expect(await server.logText()).toContain('opened log file');
    await server.stop();
    expect(alive(pid)).toBe(false);
    await expect(access(folder)).rejects.toThrow('ENOENT');
    await server.stop();
  });

  it('keeps its address and its rows over a kill, a start and a restart', async () => {
    await using server = await startOvsdbServer({ listen: 'tcp' });
    const { remote, pid } = server;
    expect(remote).toMatch(/^tcp:127\.0\.0\.1:\d+$/);
    await nbctl(remote, 'ls-add', 'web');
    await server.kill('SIGKILL');
    await expect(nbctl(remote, '--timeout=1', 'ls-list')).rejects.toThrow();
    await server.start();
    await server.restart();
    expect(server.remote).toBe(remote);
    expect(server.pid).not.toBe(pid);
    expect(await nbctl(remote, '--bare', '--columns=name', 'list', 'Logical_Switch')).toBe('web\n');
  });

  it('says nothing while it is paused, and answers afterwards', async () => {
    await using server = await startOvsdbServer();
    await using client = await PlainClient.open(server.remote);
    server.pause();
    await expect(client.request('list_dbs', [], 200)).rejects.toThrow('did not answer');
    server.resume();
    expect(await client.request('list_dbs', [])).toEqual(expect.arrayContaining(['OVN_Northbound']));
  });

  it('can be stopped while it is paused', async () => {
    const server = await startOvsdbServer();
    const { pid } = server;
    server.pause();
    await server.stop();
    expect(alive(pid)).toBe(false);
  });

  it('tells why it did not start', async () => {
    await expect(startOvsdbServer({ database: '/etc/hostname' })).rejects.toThrow('ovsdb-tool');
  });

  it('ends by itself when the process that started it is killed', async () => {
    await using server = await startOvsdbServer();
    const words = readFileSync(`/proc/${server.pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    await server.kill();
    // the same command, started by a process that can be killed without ending this test
    const starter = `const words = ${JSON.stringify([...ENDING_WITH_US, ...words])};
      const child = require('node:child_process').spawn('setpriv', words, { stdio: 'ignore' });
      child.once('spawn', () => console.log(child.pid));`;
    const parent = spawn(process.execPath, ['-e', starter], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString()))),
    );
    expect(alive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !alive(pid));
  });

  it('serves ssl to a client of its authority and refuses a stranger', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ovncp-test-tls-'));
    const certificates = await makeCertificates(folder);
    await using server = await startOvsdbServer({ listen: 'ssl', tls: certificates.server });
    const port = Number(server.remote.split(':')[2]);
    const answer = (who: 'client' | 'stranger'): Promise<string> =>
      new Promise((resolve, reject) => {
        const { privateKey, certificate } = certificates[who];
        const socket = connect({
          host: '127.0.0.1',
          port,
          key: readFileSync(privateKey),
          cert: readFileSync(certificate),
          ca: readFileSync(certificates.caCertificate),
        });
        socket.on('error', reject).on('close', () => reject(new Error('closed')));
        socket.on('data', (chunk: Buffer) => {
          resolve(chunk.toString());
          socket.destroy();
        });
        socket.write('{"method":"list_dbs","params":[],"id":1}');
      });
    expect(await answer('client')).toContain('OVN_Northbound');
    await expect(answer('stranger')).rejects.toThrow();
    rmSync(folder, { recursive: true });
  });
});

describe("the demo's database", () => {
  it('holds the network of the README, and goes away when stopped', async () => {
    const demo = await startDemoDatabase();
    const content = await dumpDatabase(demo.remote);
    const counts = Object.fromEntries(
      [...content].filter(([, rows]) => rows.size > 0).map(([table, rows]) => [table, rows.size]),
    );
    expect(counts).toEqual({
      ...{
        NB_Global: 1,
        Logical_Switch: 3,
        Logical_Switch_Port: 16,
        Logical_Router: 1,
        Logical_Router_Port: 3,
        Gateway_Chassis: 2,
      },
      ...{
        Logical_Router_Static_Route: 1,
        NAT: 2,
        DHCP_Options: 2,
        Port_Group: 2,
        ACL: 5,
        Address_Set: 1,
        QoS: 1,
        Meter: 1,
        Meter_Band: 1,
      },
      ...{ Load_Balancer: 1, Load_Balancer_Health_Check: 1 },
    });
    const ports = [...(content.get('Logical_Switch_Port')?.values() ?? [])];
    expect(ports.filter((port) => /^port_security = \{"0a:/m.test(port))).toHaveLength(12);
    expect(await nbctl(demo.remote, 'acl-list', 'pg_db')).toContain('allow-related\n');
    const folder = dirname(demo.remote.slice('unix:'.length));
    await demo.stop();
    await demo.stop();
    await expect(access(folder)).rejects.toThrow('ENOENT');
  });
});

describe('the generator', () => {
  it.each([
    ['k8s', 1_000],
    ['openstack', 1_000],
    ['small', 69],
  ] as const)(
    'makes the same %s bytes twice, other ones for another seed, and a file that a server takes',
    async (profile, rows) => {
      const folder = mkdtempSync(join(tmpdir(), 'ovncp-test-make-'));
      const bytes = (name: string, seed: number): Buffer => {
        const made = makeNorthbound({ profile, rows, seed, out: join(folder, name) });
        expect(made.rows).toBe(rows);
        return readFileSync(made.out);
      };
      const first = bytes('one.db', 5);
      expect(first.equals(bytes('two.db', 5))).toBe(true);
      expect(first.equals(bytes('three.db', 6))).toBe(false);
      await using server = await startOvsdbServer({ database: join(folder, 'one.db') });
      expect(rowCount(await dumpDatabase(server.remote))).toBe(rows);
      rmSync(folder, { recursive: true });
    },
  );

  it('makes a file once for the same arguments', () => {
    const path = databaseFile({ profile: 'small', seed: 2 });
    expect(databaseFile({ profile: 'small', seed: 2 })).toBe(path);
    expect(databaseFile({ profile: 'small', seed: 2, edge: true })).not.toBe(path);
    expect(readFileSync(path).subarray(0, 6).toString()).toBe('OVSDB ');
  });

  it('puts integers at both ends of 64 bits into the edge database, and the judge reads them exactly', async () => {
    await using server = await startOvsdbServer({ database: databaseFile({ profile: 'small', edge: true }) });
    const content = await dumpDatabase(server.remote);
    expect(rowCount(content)).toBe(69);
    for (const [table, rows] of content) expect({ table, empty: rows.size === 0 }).toEqual({ table, empty: false });
    const [global] = [...(content.get('NB_Global')?.values() ?? [])];
    expect(global?.split('\n')).toEqual(
      expect.arrayContaining([
        'nb_cfg = {9007199254740993}',
        'hv_cfg = {-9223372036854775808}',
        'hv_cfg_timestamp = {9223372036854775807}',
      ]),
    );
  });
});

describe('the judge', () => {
  it('finds no difference between a database and its copy, whatever the order of sets', async () => {
    const file = databaseFile({ profile: 'small', edge: true });
    await using one = await startOvsdbServer({ database: file });
    await using two = await startOvsdbServer({ database: file });
    expect(compareDatabases(await dumpDatabase(one.remote), await dumpDatabase(two.remote))).toEqual([]);
  });

  it('names a changed value, a missing row and an added row', async () => {
    await using server = await startOvsdbServer({ database: databaseFile({ profile: 'small' }) });
    const before = await dumpDatabase(server.remote);
    await transact(server.remote, [
      {
        op: 'update',
        table: 'Logical_Switch_Port',
        where: [['name', '==', 'vm1']],
        row: { options: ['map', [['requested-chassis', 'chassis-2']]] },
      },
      { op: 'delete', table: 'Address_Set', where: [['name', '==', 'as_empty']] },
      { op: 'insert', table: 'Port_Group', row: { name: 'pg_new' } },
    ]);
    const differences = compareDatabases(before, await dumpDatabase(server.remote));
    expect(differences).toHaveLength(3);
    expect(differences).toEqual([
      expect.stringMatching(/^Address_Set [-0-9a-f]{36} is missing in the second$/),
      expect.stringMatching(
        /^Logical_Switch_Port [-0-9a-f]{36}: options is .*chassis-1.* in the first and .*chassis-2.* in the second$/,
      ),
      expect.stringMatching(/^Port_Group [-0-9a-f]{36} is only in the second$/),
    ]);
  });

  it('sees a change of one in a 64-bit integer, and leaves out what it is told to', async () => {
    await using server = await startOvsdbServer({ database: databaseFile({ profile: 'small', edge: true }) });
    const before = await dumpDatabase(server.remote);
    await transact(server.remote, [
      { op: 'update', table: 'NB_Global', where: [], row: { nb_cfg: 9007199254740992n } },
    ]);
    const after = await dumpDatabase(server.remote);
    expect(compareDatabases(before, after)).toEqual([
      expect.stringContaining('nb_cfg is {9007199254740993} in the first and {9007199254740992} in the second'),
    ]);
    const leaveOut = ['NB_Global.nb_cfg', 'Copp'];
    const without = await dumpDatabase(server.remote, { leaveOut });
    expect(without.has('Copp')).toBe(false);
    await transact(server.remote, [{ op: 'update', table: 'NB_Global', where: [], row: { nb_cfg: 1 } }]);
    expect(compareDatabases(without, await dumpDatabase(server.remote, { leaveOut }))).toEqual([]);
  });

  it('stops after twenty differences', async () => {
    await using server = await startOvsdbServer({ database: databaseFile({ profile: 'small' }) });
    const before = await dumpDatabase(server.remote);
    await emptyDatabase(server.remote);
    const after = await dumpDatabase(server.remote);
    expect(rowCount(after)).toBe(0);
    expect(compareDatabases(before, after)).toHaveLength(20);
  });

  it('throws what the server refused, also at commit time', async () => {
    await using server = await startOvsdbServer();
    await expect(transact(server.remote, [{ op: 'insert', table: 'Nowhere', row: {} }])).rejects.toThrow('Nowhere');
    const twice = { op: 'insert', table: 'Port_Group', row: { name: 'pg' } };
    await expect(transact(server.remote, [twice, twice])).rejects.toThrow('constraint violation');
  });
});

describe('the JSON reader of the judge', () => {
  it('reads and prints integers of any size, escapes, and keys that objects have by themselves', () => {
    const text =
      '{"__proto__":[-9223372036854775808,9007199254740993,1.5,true,false,null],"a\\"\\n\\u0001":"\u{1f600}","":{}}';
    expect(printExact(parseExact(text))).toBe(text);
    expect(parseExact(' [ 1 , "x" ] ')).toEqual([1, 'x']);
  });

  it.each(['', '[1', '{"a":1', '"abc', '[1,]', '{1:2}', 'nul', '1 2', '[}'])('refuses %p', (text) => {
    expect(() => parseExact(text)).toThrow(SyntaxError);
  });
});
