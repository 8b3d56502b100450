/** GET /metrics: what it counts, that it tells numbers only, and where it is served. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { get as getByTls } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import {
  CreateBackupDocument,
  type CreateBackupInput,
  DeleteBackupDocument,
  RestoreBackupDocument,
  RestoreStepsDocument,
  UndoRestoreDocument,
} from '../../support/clients/generated/graphql.js';
import { RestClient } from '../../support/clients/rest-client.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { makeCertificates } from '../../support/servers/certificates.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

/** Series with its labels, as it stands in the text -> value. */
type Samples = ReadonlyMap<string, number>;

/** Gauges of prom-client's that end like counters. */
const OF_THE_LIBRARY = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

const newestOf = (type: string): string =>
  `ovncp_newest_backup_timestamp_seconds{database="northbound",type="${type}"}`;

function parse(text: string): Samples {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const match = /^([a-z_][a-z_0-9]*(?:\{(?:[a-z_]+="[^"\n]*",?)*\})?) (\S+)$/.exec(line);
    if (match === null) throw new Error(`not a line of Prometheus' format: ${line}`);
    samples.set(match[1] ?? '', Number(match[2]));
  }
  return samples;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('on the main listener', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApiServer();
  });
  afterAll(() => api.stop());

  const scrape = async (): Promise<Samples> => parse(await (await fetch(`${api.url}/metrics`)).text());
  const backUp = async (name: string): Promise<{ id: string; size: unknown; file: string }> =>
    (await api.admin.run(CreateBackupDocument, { input: { name } })).createBackup;

  /** Scrapes until it is so: what has happened is counted right after it was answered. */
  async function scrapeUntil(isSo: (samples: Samples) => boolean): Promise<Samples> {
    return until(async () => {
      const samples = await scrape();
      return isSo(samples) && samples;
    });
  }

  it('needs no token, and is text with a type and a help for every name', async () => {
    const response = await fetch(`${api.url}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    const named = (kind: string): Set<string> =>
      new Set([...text.matchAll(new RegExp(`^# ${kind} (\\S+)`, 'gm'))].map((match) => match[1] ?? ''));
    expect(named('HELP')).toEqual(named('TYPE'));
    for (const name of parse(text).keys())
      expect(named('TYPE')).toContain(/^[a-z_0-9]+?(?=(_bucket|_sum|_count)?(\{|$))/.exec(name)?.[0]);
    expect([...named('TYPE')].filter((name) => name.startsWith('ovncp_')).sort()).toEqual([
      ...['ovncp_backup_bytes', 'ovncp_backup_duration_seconds', 'ovncp_backups', 'ovncp_backups_created_total'],
      ...['ovncp_backups_failed_total', 'ovncp_build_info', 'ovncp_database_connected', 'ovncp_drills_total'],
      ...['ovncp_graphql_errors_total'],
      ...['ovncp_http_request_duration_seconds', 'ovncp_http_request_seconds', 'ovncp_http_requests_total'],
      ...['ovncp_last_backup_timestamp_seconds', 'ovncp_log_lines_lost_total'],
      ...['ovncp_newest_backup_timestamp_seconds', 'ovncp_newest_drill_timestamp_seconds', 'ovncp_refusals_total'],
      ...['ovncp_restore_duration_seconds', 'ovncp_restore_seconds', 'ovncp_restores_total', 'ovncp_sockets'],
      ...['ovncp_store_available_bytes', 'ovncp_store_size_bytes', 'ovncp_work_running', 'ovncp_work_waiting'],
    ]);
    expect([...named('TYPE')]).toEqual(
      expect.arrayContaining([
        'process_resident_memory_bytes',
        'process_cpu_seconds_total',
        'nodejs_eventloop_lag_seconds',
      ]),
    );
  });

  it('names and labels what it has as Prometheus wants it', async () => {
    const text = await (await fetch(`${api.url}/metrics`)).text();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
    const labels = [...text.matchAll(/([{,])(\w+)="/g)].map(([, , label]) => label);
    expect(labels.filter((label) => !/^[a-z]+(_[a-z]+)*$/.test(label ?? ''))).toEqual([]);
    const faults = types.filter(
      ({ name, type }) =>
        !/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name) ||
        (type === 'counter') !== name.endsWith('_total') ||
        (type === 'histogram' && !/_(seconds|bytes)$/.test(name)) ||
        /_(ms|millis\w*|minutes|hours|days|kb|mb|percent|info_total|gauge|counter|histogram)(_|$)/.test(name),
    );
    expect(faults.map(({ name }) => name).sort()).toEqual(OF_THE_LIBRARY);
  });

  const promtool = spawnSync('promtool', ['--version']).error === undefined ? it : it.skip;
  promtool('has nothing that promtool finds fault with', async () => {
    const input = await (await fetch(`${api.url}/metrics`)).text();
    const { stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
    const faults = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
    expect(faults.filter((line) => !OF_THE_LIBRARY.some((name) => line.startsWith(name)))).toEqual([]);
  });

  it('means something from the first scrape on, however soon the next one comes', async () => {
    for (let n = 0; n < 3; n++) {
      const text = await (await fetch(`${api.url}/metrics`)).text();
      expect(text).not.toMatch(/ Nan$| 9223372036/m);
    }
    const { user, system } = process.cpuUsage();
    const counted = (await scrape()).get('process_cpu_seconds_total') ?? 0;
    // all of the process, and not what it used since the first scrape
    expect(counted).toBeGreaterThan(0.9 * ((user + system) / 1e6));
  });

  it('has the version, and the space of the disk of the backups', async () => {
    const samples = await scrape();
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { readonly version: string };
    expect(samples.get(`ovncp_build_info{version="${version}"}`)).toBe(1);
    const { blocks, bsize } = await statfs(api.folder);
    expect(samples.get('ovncp_store_size_bytes')).toBe(blocks * bsize);
    expect(samples.get('ovncp_store_available_bytes')).toBeGreaterThan(0);
    expect(samples.get('ovncp_store_available_bytes')).toBeLessThanOrEqual(blocks * bsize);
  });

  it('has the backups, their bytes and the time of the newest one that was made here', async () => {
    expect(Object.fromEntries(await scrape())).toMatchObject({
      ovncp_backups: 0,
      ovncp_backup_bytes: 0,
      ovncp_backups_created_total: 0,
      ovncp_backups_failed_total: 0,
      [newestOf('full')]: 0,
      [newestOf('selective')]: 0,
      'ovncp_last_backup_timestamp_seconds{database="northbound"}': 0,
    });
    const before = Date.now() / 1_000;
    const [first, second] = [await backUp('one'), await backUp('two')];
    const made = await scrapeUntil((samples) => samples.get('ovncp_backups_created_total') === 2);
    expect(made.get('ovncp_backups')).toBe(2);
    expect(made.get('ovncp_backup_bytes')).toBe(Number(first.size) + Number(second.size));
    expect(made.get('ovncp_backup_duration_seconds_count{result="succeeded"}')).toBe(2);
    const newest = made.get(newestOf('full')) ?? 0;
    expect(newest).toBeGreaterThan(before - 1);
    expect(newest).toBeLessThan(Date.now() / 1_000 + 1);
    // an import is no sign that backups are made
    const file = (await api.files()).find((name) => name.endsWith('.json')) ?? '';
    await api.admin.importFile({ name: 'imported' }, { bytes: await readFile(join(api.folder, file)) });
    const imported = await scrape();
    expect(Object.fromEntries(imported)).toMatchObject({
      ovncp_backups: 3,
      ovncp_backups_created_total: 2,
      [newestOf('full')]: newest,
      [newestOf('selective')]: 0,
      'ovncp_last_backup_timestamp_seconds{database="northbound"}': newest,
    });
    // nor is one of a part a sign that all of it can be restored
    await nbctl(api.ovsdb.remote, 'ls-add', 'part');
    const part: CreateBackupInput = { name: 'part', type: 'SELECTIVE', resourceFilter: { switches: ['part'] } };
    await api.admin.run(CreateBackupDocument, { input: part });
    const after = await scrape();
    expect(after.get(newestOf('full'))).toBe(newest);
    expect(after.get(newestOf('selective'))).toBeGreaterThan(newest);
    await api.admin.run(DeleteBackupDocument, { id: second.id });
    const later = await scrape();
    expect(later.get('ovncp_backups')).toBe(3);
    expect(later.get(newestOf('full'))).toBeLessThan(newest);
  });

  it('counts a backup that cannot be made, and tells that the database is away', async () => {
    expect((await scrape()).get('ovncp_database_connected{database="northbound"}')).toBe(1);
    await api.ovsdb.kill();
    await scrapeUntil((samples) => samples.get('ovncp_database_connected{database="northbound"}') === 0);
    expect((await api.admin.send(CreateBackupDocument, { input: { name: 'in vain' } })).errors).toHaveLength(1);
    const failed = await scrapeUntil((samples) => samples.get('ovncp_backups_failed_total') === 1);
    expect(failed.get('ovncp_backup_duration_seconds_count{result="failed"}')).toBe(1);
    await api.ovsdb.start();
    await scrapeUntil((samples) => samples.get('ovncp_database_connected{database="northbound"}') === 1);
  });

  it('counts restores by result, policy and kind, each once, undos and confirmations included', async () => {
    await nbctl(api.ovsdb.remote, 'ls-add', 'kept');
    const { id: backupId } = await backUp('to restore');
    await nbctl(api.ovsdb.remote, 'ls-add', 'extra', '--', 'set', 'Logical_Switch', 'kept', 'external_ids:changed=yes');
    const restore = async (input: object): Promise<string> =>
      (
        await api.admin.run(RestoreBackupDocument, {
          input: { backupId, conflictPolicy: 'OVERWRITE', exact: true, ...input },
        })
      ).restoreBackup.id;
    const counted = (samples: Samples): Record<string, number> =>
      Object.fromEntries(
        [...samples].flatMap(([name, value]) =>
          name.startsWith('ovncp_restores_total{') && value > 0
            ? [[/result="(\w+)",policy="(\w+)",dry_run="(\w+)"/.exec(name)?.slice(1).join(' ') ?? name, value]]
            : [],
        ),
      );
    await restore({ dryRun: true });
    const first = await restore({});
    await api.admin.run(UndoRestoreDocument, { id: first });
    await restore({ confirmWithinSeconds: 600 }).then((id) => api.admin.run(UndoRestoreDocument, { id }));
    await api.admin.send(RestoreBackupDocument, { input: { backupId, conflictPolicy: 'ERROR' } });
    const samples = await scrapeUntil((now) => Object.values(counted(now)).reduce((sum, value) => sum + value, 0) >= 6);
    expect(counted(samples)).toEqual({
      'succeeded overwrite true': 1,
      'succeeded overwrite false': 1,
      'succeeded undo false': 2,
      'undone overwrite false': 1,
      'refused error false': 1,
    });
    for (const name of ['ovncp_restore_duration_seconds', 'ovncp_restore_seconds']) {
      expect(samples.get(`${name}_count{dry_run="false"}`)).toBe(5);
      expect(samples.get(`${name}_sum{dry_run="false"}`)).toBeGreaterThan(0);
    }
    expect(samples.get('ovncp_restores_total{result="failed",policy="skip",dry_run="false"}')).toBe(0);
  });

  it('counts a mistake as refused, and what is broken as failed', async () => {
    const { id: backupId, file } = await backUp('whole');
    const before = await scrape();
    const nobody = { switches: ['nope'] };
    const part: CreateBackupInput = { name: 'part', type: 'SELECTIVE', resourceFilter: nobody };
    expect(await api.admin.codeOf(CreateBackupDocument, { input: part })).toBe('BAD_USER_INPUT');
    const wrong = { backupId, restoreFilter: nobody };
    expect(await api.admin.codeOf(RestoreBackupDocument, { input: wrong })).toBe('BAD_USER_INPUT');
    await writeFile(join(api.folder, file), 'damaged');
    expect(await api.admin.codeOf(RestoreBackupDocument, { input: { backupId } })).toBe('INTEGRITY_FAILED');

    const ended = (result: string): string => `ovncp_restores_total{result="${result}",policy="skip",dry_run="false"}`;
    const more = (now: Samples, name: string): number => (now.get(name) ?? 0) - (before.get(name) ?? 0);
    const after = await scrapeUntil((now) => more(now, ended('refused')) + more(now, ended('failed')) === 2);
    expect(more(after, ended('refused'))).toBe(1);
    expect(more(after, 'ovncp_backup_duration_seconds_count{result="refused"}')).toBe(1);
    expect(more(after, 'ovncp_backups_failed_total')).toBe(0);
  });

  it('counts as refused, once each, what is refused before it begins', async () => {
    const key = 'a key that is long enough';
    const encrypted = (
      await api.admin.run(CreateBackupDocument, { input: { name: 'secret', encrypt: true, encryptionKey: key } })
    ).createBackup.id;
    const { id: backupId } = await backUp('awaited');
    await nbctl(api.ovsdb.remote, 'ls-add', 'to-delete');
    const held = { backupId, conflictPolicy: 'OVERWRITE', exact: true, confirmWithinSeconds: 600 } as const;
    const { id: restoreId } = (await api.admin.run(RestoreBackupDocument, { input: held })).restoreBackup;
    const viewer = await api.as('backups:read');
    const rest = RestClient.of(api.admin);
    const before = await scrape();

    const codes = [
      await api.admin.codeOf(RestoreBackupDocument, { input: { backupId: encrypted } }),
      await api.admin.codeOf(RestoreBackupDocument, { input: { backupId } }),
      await api.admin.codeOf(RestoreBackupDocument, { input: { backupId: 'none', dryRun: true } }),
      await viewer.codeOf(RestoreBackupDocument, { input: { backupId } }),
      await api.admin.codeOf(UndoRestoreDocument, { id: 'none' }),
    ];
    expect(codes).toEqual(['DECRYPTION_FAILED', 'CONFLICT', 'NOT_FOUND', 'FORBIDDEN', 'NOT_FOUND']);
    const statuses = [
      await rest.post(`/api/v1/backups/${backupId}/restore`, { exact: true }),
      await rest.post(`/api/v1/backups/${backupId}/restore`, { dry_run: 'yes' }),
      await rest.post('/api/v1/backups', { name: 'x', encrypt: true }),
      await rest.post('/api/v1/backups', {}),
      await rest.post('/api/v1/backups', { name: 'x', resource_filter: { switches: ['nope'] } }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([400, 400, 400, 400, 400]);

    const more = (now: Samples, name: string): number => (now.get(name) ?? 0) - (before.get(name) ?? 0);
    const backups = 'ovncp_backup_duration_seconds_count{result="refused"}';
    const after = await scrapeUntil((now) => more(now, backups) >= 3);
    const restores = [...after.keys()].flatMap((name) =>
      name.startsWith('ovncp_restores_total{') && more(after, name) > 0 ? [[name, more(after, name)]] : [],
    );
    const refused = (policy: string, isDry: boolean): string =>
      `ovncp_restores_total{result="refused",policy="${policy}",dry_run="${String(isDry)}"}`;
    expect(Object.fromEntries(restores)).toEqual({
      [refused('unknown', false)]: 5,
      [refused('unknown', true)]: 1,
      [refused('undo', false)]: 1,
    });
    expect(more(after, backups)).toBe(3);
    expect(more(after, 'ovncp_backups_failed_total')).toBe(0);
    await api.admin.run(UndoRestoreDocument, { id: restoreId });
  });

  it('counts requests by the pattern of their route, however many addresses are asked for', async () => {
    const before = await scrape();
    for (let n = 0; n < 20; n++) await fetch(`${api.url}/nothing/${n}?token=hunter2`);
    for (let n = 0; n < 3; n++)
      await fetch(`${api.url}/api/v1/backups/backup-${n}`, {
        headers: { authorization: `Bearer ${api.admin.token ?? ''}` },
      });
    await fetch(`${api.url}/graphql`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    const after = await scrape();
    const grown = (labels: string): number =>
      (after.get(`ovncp_http_requests_total{${labels}}`) ?? 0) -
      (before.get(`ovncp_http_requests_total{${labels}}`) ?? 0);
    expect(grown('method="GET",route="none",status="404"')).toBe(20);
    expect(grown('method="GET",route="/api/v1/backups/:id",status="404"')).toBe(3);
    expect(grown('method="POST",route="/graphql",status="401"')).toBe(1);
    expect(grown('method="GET",route="/metrics",status="200"')).toBe(1);
    for (const name of ['ovncp_http_request_duration_seconds', 'ovncp_http_request_seconds'])
      expect(after.get(`${name}_count{method="GET",route="/api/v1/backups/:id"}`)).toBe(3);
  });

  it('counts the errors of GraphQL by code, over HTTP and over a socket, and what is refused', async () => {
    const before = await scrape();
    const grown = (samples: Samples, name: string): number => (samples.get(name) ?? 0) - (before.get(name) ?? 0);
    const viewer = await api.as('backups:read');
    for (let n = 0; n < 2; n++) await viewer.send(CreateBackupDocument, { input: { name: 'x' } });
    await api.admin.send(DeleteBackupDocument, { id: 'none' });
    await fetch(`${api.url}/api/v1/backups`);
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, { origin: 'https://evil.example' });
    await new Promise((resolve) => socket.once('error', resolve));
    const stranger = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    stranger.once('open', () => stranger.send('{"type":"connection_init"}'));
    await new Promise((resolve) => stranger.once('close', resolve));
    const samples = await scrape();
    expect([
      grown(samples, 'ovncp_graphql_errors_total{code="FORBIDDEN"}'),
      grown(samples, 'ovncp_graphql_errors_total{code="NOT_FOUND"}'),
      grown(samples, 'ovncp_graphql_errors_total{code="UNAUTHENTICATED"}'),
      grown(samples, 'ovncp_refusals_total{code="FORBIDDEN"}'),
      grown(samples, 'ovncp_refusals_total{code="UNAUTHENTICATED"}'),
      grown(samples, 'ovncp_refusals_total{code="RATE_LIMITED"}'),
    ]).toEqual([2, 1, 0, 3, 2, 0]);
    await expect(api.admin.followed(RestoreStepsDocument, { restoreId: 'none' })).rejects.toThrow(/NOT_FOUND/);
    expect(grown(await scrape(), 'ovncp_graphql_errors_total{code="NOT_FOUND"}')).toBe(2);
  });

  it('has the sockets that are open and the work that runs', async () => {
    expect(Object.fromEntries(await scrape())).toMatchObject({ ovncp_sockets: 0, ovncp_work_running: 0 });
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await new Promise((resolve) => socket.once('open', resolve));
    await scrapeUntil((samples) => samples.get('ovncp_sockets') === 1);
    socket.close();
    await scrapeUntil((samples) => samples.get('ovncp_sockets') === 0);
    api.ovsdb.pause();
    const made = backUp('slowly');
    await scrapeUntil((samples) => samples.get('ovncp_work_running') === 1);
    api.ovsdb.resume();
    await made;
    await scrapeUntil((samples) => samples.get('ovncp_work_running') === 0);
  });

  it('holds no name, no path and nothing of a token', async () => {
    const text = await (await fetch(`${api.url}/metrics`)).text();
    expect(text).not.toMatch(/hunter2|to restore|backup-1|tester|ovncp-api-|Bearer|eyJ/);
    expect(text).not.toContain(api.folder);
  });
});

describe('on a port of its own', () => {
  it('is served there and nowhere else, and nothing else is', async () => {
    const port = await freePort();
    const api = await startApiServer({ env: { OVNCP_METRICS_PORT: String(port) } });
    const own = `http://127.0.0.1:${port}`;
    await fetch(`${api.url}/healthz`);
    const samples = parse(await (await fetch(`${own}/metrics`)).text());
    expect(samples.get('ovncp_http_requests_total{method="GET",route="/healthz",status="200"}')).toBe(1);
    expect((await fetch(`${api.url}/metrics`)).status).toBe(404);
    for (const path of ['/healthz', '/graphql', '/api/v1/backups', '/'])
      expect((await fetch(`${own}${path}`)).status).toBe(404);
    await api.stop();
    await expect(fetch(`${own}/metrics`)).rejects.toThrow();
  });

  it('turns away foreign names on loopback, as the main one does', async () => {
    const port = await freePort();
    const api = await startApiServer({ env: { OVNCP_METRICS_PORT: String(port) } });
    const status = await new Promise((resolve, reject) =>
      get(
        { host: '127.0.0.1', port, path: '/metrics', headers: { host: 'evil.example' }, agent: false },
        (response) => {
          resolve(response.resume().statusCode);
        },
      ).on('error', reject),
    );
    expect(status).toBe(403);
    await api.stop();
  });

  it('speaks TLS where the main one does', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ovncp-metrics-'));
    const { server, caCertificate } = await makeCertificates(folder);
    const port = await freePort();
    const api = await startApiServer({
      env: { OVNCP_METRICS_PORT: String(port), OVNCP_TLS_CERT: server.certificate, OVNCP_TLS_KEY: server.privateKey },
    });
    const ca = await readFile(caCertificate);
    const status = await new Promise((resolve, reject) =>
      getByTls({ host: '127.0.0.1', port, path: '/metrics', ca, agent: false }, (response) => {
        resolve(response.resume().statusCode);
      }).on('error', reject),
    );
    expect(status).toBe(200);
    await api.stop();
    await rm(folder, { recursive: true });
  });

  it('that is taken keeps the server from starting', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    await expect(
      startApiServer({ env: { OVNCP_METRICS_PORT: String((taken.address() as AddressInfo).port) } }),
    ).rejects.toThrow(/is taken by another process.*OVNCP_METRICS_PORT/);
    await new Promise((resolve) => taken.close(resolve));
  });

  it('0 is none at all', async () => {
    const api = await startApiServer({ env: { OVNCP_METRICS_PORT: '0' } });
    expect((await fetch(`${api.url}/metrics`)).status).toBe(404);
    await api.stop();
  });
});
