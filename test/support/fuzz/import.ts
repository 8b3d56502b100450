/**
 * Sends a changed file as an import, and holds the server to what it took: valid, exported in every format, planned
 * under every policy, and restored whole or not at all.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { databaseFile } from '../northbound/database-file.js';
import { startOvsdbCluster } from '../servers/ovsdb-cluster.js';
import { nbctl } from '../servers/ovsdb-server.js';
import { type Bases, type DocumentInput, fileOf, parsedDocument } from './document.js';
import { holdingsOf, liveHoldings, unlikeness } from './likeness.js';
import { type FuzzTarget, KEY } from './target.js';
import { HANG_MS } from './wire.js';

const CHANGES = [
  ['ls-add', 'more'],
  ['set', 'Logical_Switch', 'more', 'external_ids:a=b'],
  ['lsp-add', 'more', 'more-port'],
  ['ls-del', 'more'],
];

/** Exports of the target, and database files with history. */
export async function basesOf(target: FuzzTarget): Promise<Bases> {
  const exported = async (format: string): Promise<Buffer> =>
    (await target.own('GET', `/api/v1/backups/${target.ids['origin0'] ?? ''}/export?format=${format}`)).bytes;
  const json = await exported('json');
  await using cluster = await startOvsdbCluster({
    members: 1,
    database: databaseFile({ profile: 'small', edge: true }),
  });
  const [server] = cluster.servers;
  if (server === undefined) throw new Error('a cluster without a member');
  for (const words of CHANGES) await nbctl(server.unixRemote, ...words);
  for (const words of CHANGES) await nbctl(target.ovsdb.remote, ...words);
  await target.unchanged('changes and their opposites');
  return {
    json,
    document: parsedDocument(json),
    yaml: await exported('yaml'),
    standalone: await readFile(target.ovsdb.databaseFile),
    cluster: await readFile(server.databaseFile),
  };
}

export async function fuzzImport(target: FuzzTarget, bases: Bases, input: DocumentInput): Promise<void> {
  const file = await fileOf(input, bases, KEY);
  const problems = target.problemCount;
  try {
    await hold(target, input, file);
  } finally {
    // the file itself says more than what it was made by
    const kept = process.env['FUZZ_KEEP'];
    if (kept !== undefined && target.problemCount > problems)
      await writeFile(join(kept, `import-${String(target.problemCount)}.bin`), file);
  }
}

async function hold(target: FuzzTarget, input: DocumentInput, file: Buffer): Promise<void> {
  const key = input.wrap.endsWith('enc') && input.withKey ? { decryption_key: KEY } : {};
  const { status, body } = await deliver(target, input, file);
  target.count('imports', `${input.form}: ${String(status)}`);
  if (status !== 201) {
    target.checkAnswer(status, body);
    return;
  }
  const { id, type } = body['backup'] as { id: string; type: string };
  const header: Record<string, string> = input.wrap.endsWith('enc') ? { 'x-decryption-key': KEY } : {};
  const isSealed = input.wrap.endsWith('enc') && !input.withKey;
  const validation = await target.own('POST', '/api/v1/backups/validate', { backup_id: id, ...key });
  if (!isSealed && validation.body['valid'] !== true)
    target.problem(`an import was taken and is not valid: ${JSON.stringify(validation.body).slice(0, 500)}`);
  let exported: Buffer | undefined;
  for (const format of ['json', 'yaml', 'ovsdb']) {
    const answer = await target.own('GET', `/api/v1/backups/${id}/export?format=${format}`, undefined, header);
    target.count('imports', `export: ${String(answer.status)}`);
    if (answer.status >= 500 || (answer.status !== 200 && !isSealed))
      target.problem(`export as ${format}: ${String(answer.status)} ${JSON.stringify(answer.body).slice(0, 500)}`);
    if (answer.status === 200 && format === 'ovsdb') exported = answer.bytes;
  }
  const secret = input.wrap.endsWith('enc') ? { decryption_key: KEY } : {};
  for (const policy of ['skip', 'overwrite', 'rename', 'error'])
    await restore(target, id, { dry_run: true, conflict_policy: policy, force: input.force, ...secret });
  const ended = await restore(target, id, { conflict_policy: 'overwrite', exact: true, force: input.force, ...secret });
  if (ended.status === 200 && exported !== undefined && type === 'full' && !input.force) {
    const differences = unlikeness(holdingsOf(exported), await liveHoldings(target.ovsdb.remote));
    if (differences.length > 0)
      target.problem(
        'the database is not what was restored: ' +
          [...differences.slice(0, 3), ...differences.slice(3).slice(-3)].join('\n  '),
      );
  }
  if (ended.status === 200) await again(target, id, { force: input.force, ...secret });
  if (ended.status !== 200)
    await target.unchanged(`a restore that failed: ${JSON.stringify(ended.body).slice(0, 300)}`);
  await target.settle();
  await target.own('DELETE', `/api/v1/backups/${id}`);
}

/** A second restore changes nothing. */
async function again(target: FuzzTarget, id: string, options: object): Promise<void> {
  const { status, body } = await restore(target, id, {
    dry_run: true,
    conflict_policy: 'overwrite',
    exact: true,
    ...options,
  });
  if (status !== 200 || body['restored_count'] !== 0 || body['deleted_count'] !== 0)
    target.problem(`a second restore would change something: ${String(status)} ${JSON.stringify(body).slice(0, 800)}`);
}

async function restore(
  target: FuzzTarget,
  id: string,
  body: Readonly<Record<string, unknown>>,
): Promise<{ status: number; body: Readonly<Record<string, unknown>> }> {
  const answer = await target.own('POST', `/api/v1/backups/${id}/restore`, body);
  target.count(
    'imports',
    `${body['dry_run'] === true ? 'dry run' : 'restore'}: ${String(answer.status)} ` +
      String(answer.body['code'] ?? answer.body['success']),
  );
  target.checkAnswer(answer.status, answer.body);
  return answer;
}

/** Sends the file in one of the ways that there are; a text that is none goes as it is. */
async function deliver(
  target: FuzzTarget,
  { delivery, wrap, withKey }: DocumentInput,
  file: Buffer,
): Promise<{ status: number; body: Readonly<Record<string, unknown>> }> {
  const key = wrap.endsWith('enc') && withKey ? KEY : undefined;
  const isText = wrap === '' && Buffer.from(file.toString()).equals(file);
  if (delivery === 'MULTIPART') {
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(file)]), 'fuzz.bin');
    if (key !== undefined) form.set('decryption_key', key);
    const response = await fetch(`${target.url}/api/v1/backups/import`, {
      method: 'POST',
      body: form,
      headers: { authorization: `Bearer ${target.token}` },
      signal: AbortSignal.timeout(HANG_MS),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
  if (delivery === 'JSON_FORM' && isText)
    return target.own('POST', '/api/v1/backups/import', {
      data: file.toString(),
      ...(key === undefined ? {} : { decryption_key: key }),
    });
  if (delivery === 'GRAPHQL' && isText) {
    const { status, body } = await target.own(
      'POST',
      '/graphql',
      {
        query: 'mutation ($input: ImportBackupInput!) { importBackup(input: $input) { id type } }',
        variables: { input: { data: file.toString() } },
      },
      { 'content-type': 'application/json' },
    );
    const backup = (body['data'] as { importBackup?: { id: string; type: string } } | null)?.importBackup;
    if (backup !== undefined) return { status: 201, body: { backup: { ...backup, type: backup.type.toLowerCase() } } };
    const [error] = (body['errors'] ?? []) as readonly {
      message: string;
      extensions: { code: string; requestId: string };
    }[];
    return {
      status: status === 200 ? 422 : status,
      body: { error: error?.message, code: error?.extensions.code, request_id: error?.extensions.requestId },
    };
  }
  return target.own('POST', '/api/v1/backups/import', file, key === undefined ? {} : { 'x-decryption-key': key });
}
