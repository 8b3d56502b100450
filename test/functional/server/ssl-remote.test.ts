/**
 * ssl: remotes with client certificates, through the whole server: backups and restores, what the status says where the
 * two sides do not accept each other, and certificates that are renewed while the server runs.
 */
import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from '../../../src/app.js';
import { loadConfig } from '../../../src/config/config.js';
import { systemClock } from '../../../src/lib/clock.js';
import { createLog } from '../../../src/lib/log.js';
import { DatabaseClient } from '../../../src/ovsdb/client.js';
import { parseRemotes } from '../../../src/ovsdb/remote.js';
import { ApiClient, tokenWith } from '../../support/clients/api-client.js';
import { CreateBackupDocument, RestoreBackupDocument } from '../../support/clients/generated/graphql.js';
import { compareDatabases, dumpDatabase, emptyDatabase, NORTHBOUND, rowCount } from '../../support/judge/judge.js';
import { databaseFile } from '../../support/northbound/database-file.js';
import { serverEnvironment } from '../../support/servers/api-server.js';
import { makeCertificate, makeCertificates, type TestCertificates } from '../../support/servers/certificates.js';
import { startOvsdbCluster } from '../../support/servers/ovsdb-cluster.js';
import { nbctl, type ServerTls, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

let folder: string;
let certificates: TestCertificates;
let server: TestServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-ssl-'));
  certificates = await makeCertificates(folder);
  server = await startOvsdbServer({
    listen: 'ssl',
    tls: certificates.server,
    database: databaseFile({ profile: 'small', edge: true }),
  });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

class SslApi implements AsyncDisposable {
  constructor(
    readonly url: string,
    readonly admin: ApiClient,
    readonly lines: readonly string[],
    readonly stop: () => Promise<void>,
  ) {}

  /** What /readyz says of the database. */
  async status(): Promise<string> {
    const { database } = (await (await fetch(`${this.url}/readyz`)).json()) as { database: string };
    return database;
  }

  /** Waits until the status is so. */
  async reaches(wanted: RegExp): Promise<string> {
    let status = '';
    await until(async () => wanted.test((status = await this.status()))).catch((error: unknown) => {
      throw new Error(`the status stays: ${status}`, { cause: error });
    });
    return status;
  }

  async backUp(): Promise<string> {
    return (await this.admin.run(CreateBackupDocument, { input: { name: 'over ssl', compress: true } })).createBackup
      .id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // no line of any test holds anything of a key
    expect(this.lines.filter((line) => /PRIVATE KEY|BEGIN CERT/.test(line))).toEqual([]);
    await this.stop();
  }
}

async function startWith(remotes: string, { privateKey, certificate, caCertificate }: ServerTls): Promise<SslApi> {
  const backups = await mkdtemp(join(folder, 'backups-'));
  const lines: string[] = [];
  const config = loadConfig({
    ...serverEnvironment(remotes, backups),
    OVNCP_SSL_PRIVATE_KEY: privateKey,
    OVNCP_SSL_CERTIFICATE: certificate,
    OVNCP_SSL_CA_CERT: caCertificate,
  });
  const app = await startApp(config, createLog('trace', { write: (line) => void lines.push(line) }));
  return new SslApi(app.url, new ApiClient(app.url, await tokenWith()), lines, () => app.stop());
}

describe('over ssl', () => {
  it('a database is backed up and restored', async () => {
    await using api = await startWith(server.remote, certificates.client);
    const before = await dumpDatabase(server.unixRemote);
    const backupId = await api.backUp();
    await emptyDatabase(server.unixRemote);
    const { result } = (
      await api.admin.run(RestoreBackupDocument, { input: { backupId, conflictPolicy: 'OVERWRITE', exact: true } })
    ).restoreBackup;
    expect(result).toMatchObject({ success: true, restoredCount: rowCount(before), errorCount: 0 });
    expect(compareDatabases(before, await dumpDatabase(server.unixRemote))).toEqual([]);
    expect(await api.status()).toBe('ok');
  });

  it('a server is taken for what its authority says, whatever host its certificate names', async () => {
    const elsewhere = await makeCertificate(folder, {
      name: 'elsewhere',
      extensions: 'subjectAltName=DNS:elsewhere.example\nbasicConstraints=CA:FALSE\n',
    });
    const nameless = await makeCertificate(folder, { name: 'nameless', extensions: 'basicConstraints=CA:FALSE\n' });
    for (const tls of [elsewhere, nameless]) {
      await using other = await startOvsdbServer({ listen: 'ssl', tls });
      await using api = await startWith(other.remote, certificates.client);
      await api.reaches(/^ok$/);
    }
  });

  it('a cluster is followed to whichever member can do the work', async () => {
    await using cluster = await startOvsdbCluster({
      tls: certificates.server,
      database: databaseFile({ profile: 'small' }),
    });
    await using api = await startWith(cluster.sslRemotes, certificates.client);
    expect(cluster.sslRemotes).toMatch(/^ssl:127\.0\.0\.1:\d+,ssl:127\.0\.0\.1:\d+,ssl:/);
    const leader = await cluster.leader();
    const before = await dumpDatabase(cluster.remote(leader));
    const backupId = await api.backUp();
    await emptyDatabase(cluster.remote(leader));
    await cluster.kill(leader);
    const next = await cluster.settled();
    const { result } = (
      await api.admin.run(RestoreBackupDocument, { input: { backupId, conflictPolicy: 'OVERWRITE', exact: true } })
    ).restoreBackup;
    expect(result).toMatchObject({ success: true, restoredCount: rowCount(before) });
    expect(compareDatabases(before, await dumpDatabase(cluster.remote(next)))).toEqual([]);
    // the row that says with which keys the server answers is left as it is
    await nbctl(cluster.remote(next), 'set', 'SSL', '.', 'ca_cert=/other.pem');
    const left = (await api.admin.run(RestoreBackupDocument, { input: { backupId, conflictPolicy: 'OVERWRITE' } }))
      .restoreBackup.result;
    expect(left).toMatchObject({ success: true, restoredCount: 0, differingCount: 1 });
    expect(left?.warnings).toEqual([expect.stringMatching(/^SSL .* is left as it is, though .* \(ssl:127\.0\.0\.1:/)]);
  });
});

describe('where the two sides do not accept each other', () => {
  const NOT_SIGNED =
    /: the server's certificate is not signed by our CA certificate \(OVNCP_SSL_CA_CERT\) \(.*self-signed/;

  it.each([
    [
      "a CA certificate that is not the server's",
      async (c: TestCertificates) => ({ ...c.client, caCertificate: c.stranger.caCertificate }),
      NOT_SIGNED,
    ],
    [
      'a client certificate of another authority',
      async (c: TestCertificates) => ({ ...c.stranger, caCertificate: c.caCertificate }),
      /: the server refuses our certificate \(OVNCP_SSL_CERTIFICATE\): it is not signed by the CA that the server trusts \(.*unknown ca\)$/,
    ],
    [
      'a client certificate that has expired',
      async (c: TestCertificates) => ({
        ...(await makeCertificate(folder, { name: 'old-client', days: -1 })),
        caCertificate: c.caCertificate,
      }),
      /: the server refuses our certificate \(OVNCP_SSL_CERTIFICATE\): it has expired \(/,
    ],
    [
      'a key that does not belong to the certificate',
      async (c: TestCertificates) => ({ ...c.client, privateKey: c.server.privateKey }),
      /: The key in ".*server-key.pem" does not belong to the certificate in ".*client.pem"/,
    ],
    [
      'a CA file that holds no certificate',
      async (c: TestCertificates) => ({ ...c.client, caCertificate: c.client.privateKey }),
      /: ".*client-key.pem" holds a key and no certificate/,
    ],
  ])('the status and the log name %s', async (_what, identity, reason) => {
    await using api = await startWith(server.remote, await identity(certificates));
    const status = await api.reaches(reason);
    expect(status).toContain(server.remote);
    expect(status).not.toMatch(/routines|\n|undefined/);
    expect(
      api.lines.some(
        (line) => line.includes('database away') && reason.test((JSON.parse(line) as { error: string }).error),
      ),
    ).toBe(true);
  });

  it('an operation is answered with the reason', async () => {
    await using api = await startWith(server.remote, {
      ...certificates.stranger,
      caCertificate: certificates.caCertificate,
    });
    const answer = await api.admin.send(CreateBackupDocument, { input: { name: 'none' } });
    expect(answer.errors).toMatchObject([
      {
        message: expect.stringMatching(/the server refuses our certificate/),
        extensions: { code: 'DATABASE_UNAVAILABLE' },
      },
    ]);
  });

  it('a server certificate of another authority, or one that has expired, is refused', async () => {
    // it trusts our authority, and shows a certificate of another one
    await using strange = await startOvsdbServer({
      listen: 'ssl',
      tls: { ...certificates.stranger, caCertificate: certificates.caCertificate },
    });
    await using api = await startWith(strange.remote, certificates.client);
    await api.reaches(/: the server's certificate is not signed by our CA certificate/);
    await using old = await startOvsdbServer({
      listen: 'ssl',
      tls: await makeCertificate(folder, { name: 'old-server', days: -1 }),
    });
    await using other = await startWith(old.remote, certificates.client);
    await other.reaches(/: the server's certificate, or that of its CA, has expired \(/);
  });

  it('a client that shows nothing is told that a certificate is wanted', async () => {
    const caCertificate = await readFile(certificates.caCertificate, 'utf8');
    const client = new DatabaseClient({
      remotes: parseRemotes(server.remote),
      database: NORTHBOUND,
      clock: systemClock,
      tls: { privateKey: '', certificate: '', caCertificate },
      sessionTimeoutMs: 0,
    });
    await expect(client.openSession({ leader: false })).rejects.toThrow(
      /: the server wants a certificate of ours and got none/,
    );
  });

  it('a server that speaks no TLS is told apart', async () => {
    await using plain = await startOvsdbServer({ listen: 'tcp' });
    await using api = await startWith(plain.remote.replace('tcp:', 'ssl:'), certificates.client);
    await api.reaches(/: hung up on the TLS handshake: if the server speaks no TLS there, write tcp: for it$/);
  });

  it('of several remotes each is named with its own reason, and one that works is enough', async () => {
    await using plain = await startOvsdbServer({ listen: 'tcp' });
    const wrong = plain.remote.replace('tcp:', 'ssl:');
    await using old = await startOvsdbServer({
      listen: 'ssl',
      tls: await makeCertificate(folder, { name: 'older-server', days: -1 }),
    });
    await using broken = await startWith(`${wrong},${old.remote}`, certificates.client);
    const status = await broken.reaches(/hung up on the TLS handshake.*; ssl:.*has expired/);
    expect(status).toContain(wrong);
    await using api = await startWith(`${wrong},${old.remote},${server.remote}`, certificates.client);
    await api.reaches(/^ok$/);
  });
});

describe('certificates that are renewed on disk', () => {
  async function install(into: string, tls: ServerTls): Promise<ServerTls> {
    const files = {
      privateKey: join(into, 'key.pem'),
      certificate: join(into, 'cert.pem'),
      caCertificate: join(into, 'ca.pem'),
    };
    for (const name of ['privateKey', 'certificate', 'caCertificate'] as const) {
      await copyFile(tls[name], `${files[name]}.new`);
      await rename(`${files[name]}.new`, files[name]);
    }
    return files;
  }

  it('are taken up by the next attempt, without a restart', async () => {
    const into = await mkdtemp(join(folder, 'installed-'));
    const files = await install(into, { ...certificates.stranger, caCertificate: certificates.caCertificate });
    await using api = await startWith(server.remote, files);
    await api.reaches(/refuses our certificate/);
    await writeFile(files.certificate, 'half a fi');
    await api.reaches(/holds no certificate in PEM form/);
    await install(into, certificates.client);
    await api.reaches(/^ok$/);
    await nbctl(server.unixRemote, 'ls-add', 'made-after-renewal');
    await api.backUp();
  });

  it('when the whole authority is replaced, on both sides', async () => {
    const theirs = await mkdtemp(join(folder, 'theirs-'));
    const ours = await mkdtemp(join(folder, 'ours-'));
    await using other = await startOvsdbServer({ listen: 'ssl', tls: await install(theirs, certificates.server) });
    await using api = await startWith(other.remote, await install(ours, certificates.client));
    await api.reaches(/^ok$/);
    await install(theirs, certificates.stranger);
    await other.restart();
    await api.reaches(/not signed by our CA certificate/);
    await install(ours, certificates.stranger);
    await api.reaches(/^ok$/);
    await api.backUp();
  });
});
