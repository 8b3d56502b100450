/**
 * Backups whose files somebody changed: archives byte by byte while the server runs, manifests and whole files while it
 * does not. What is still listed must be told truly, and nothing that is not what was backed up may pass for valid.
 */
import { randomUUID } from 'node:crypto';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { EVERYTHING_INCLUDED } from '../include-flags.js';
import type { FuzzTarget } from './target.js';
import { type ByteChange, byteChanges, type Change, changed, changes, printed, withByteChanges } from './value.js';

export interface ArchiveDamage {
  /** Which of the origins. */
  readonly origin: number;
  readonly bytes: readonly ByteChange[];
  readonly request: number;
}

export const archiveDamages: fc.Arbitrary<ArchiveDamage> = fc.record({
  origin: fc.nat({ max: 3 }),
  bytes: byteChanges,
  request: fc.noBias(fc.nat()),
});

export interface ManifestDamage {
  readonly origin: number;
  /**
   * Of the manifest: as JSON, a member that could be true, as bytes, the manifest of another origin, or the archive of
   * another one.
   */
  readonly kind: 'CHANGE' | 'LIE' | 'BYTES' | 'OTHER_MANIFEST' | 'OTHER_ARCHIVE' | 'NONE';
  readonly changes: readonly Change[];
  readonly bytes: readonly ByteChange[];
  readonly lie: number;
}

export const manifestDamages: fc.Arbitrary<ManifestDamage> = fc.record({
  origin: fc.nat({ max: 3 }),
  kind: fc.constantFrom<ManifestDamage['kind']>(
    'CHANGE',
    'CHANGE',
    'LIE',
    'LIE',
    'LIE',
    'BYTES',
    'OTHER_MANIFEST',
    'OTHER_ARCHIVE',
    'NONE',
  ),
  changes,
  bytes: byteChanges,
  lie: fc.noBias(fc.nat()),
});

type Manifest = Readonly<Record<string, unknown>>;

const LIES: readonly ((manifest: Manifest) => Manifest)[] = [
  ({ rowCount }) => ({ rowCount: Number(rowCount) + 1 }),
  ({ contentSize }) => ({ contentSize: Number(contentSize) + 1 }),
  ({ contentSize }) => ({ contentSize: Number(contentSize) - 1 }),
  ({ contentSize }) => ({ contentSize: Number(contentSize) * 1_000 }),
  ({ size }) => ({ size: Number(size) + 1 }),
  ({ compressed }) => ({ compressed: compressed !== true }),
  ({ encrypted }) => ({ encrypted: encrypted !== true }),
  ({ archiveFormat }) => ({ archiveFormat: archiveFormat === 'JSON' ? 'YAML' : 'JSON' }),
  () => ({ schemaVersion: '5.16.0' }),
  () => ({ schemaName: 'OVN_Southbound' }),
  () => ({ contentDigest: `sha256:${'0'.repeat(64)}` }),
  () => ({ checksum: `sha256:${'f'.repeat(64)}` }),
  () => ({ sealed: true }),
  ({ origin }) => ({ origin: origin === 'CAPTURED' ? 'IMPORTED' : 'CAPTURED' }),
  () => ({ tables: { ACL: 1 } }),
  () => ({ database: 'another' }),
  () => ({
    type: 'SELECTIVE',
    resourceFilter: {
      switches: ['ls-a'],
      ...EVERYTHING_INCLUDED,
    },
  }),
  ({ tables }) => ({ tables: { ...(tables as object), __proto__: 1, Nothing: 5 } }),
];

interface Backup {
  readonly id: string;
  readonly file: string;
  readonly checksum: string;
  readonly [member: string]: unknown;
}

/** What the content tells, and a manifest must not tell otherwise. */
const TRUTHS = [
  'size',
  'checksum',
  'content_digest',
  'content_size',
  'row_count',
  'compressed',
  'encrypted',
  'schema_version',
  'schema_name',
  'format',
] as const;

/** Damages the archive of an origin for as long as one request takes. */
export async function withDamagedArchive(target: FuzzTarget, { origin, bytes, request }: ArchiveDamage): Promise<void> {
  const id = target.ids[`origin${String(origin)}`] ?? '';
  const backup = (await target.own('GET', `/api/v1/backups/${id}`)).body as unknown as Backup;
  const path = join(target.folder, backup.file);
  const whole = await readFile(path);
  const damaged = withByteChanges(whole, bytes);
  await writeFile(path, damaged);
  try {
    await ask(target, { id, key: origin === 3, request, isWhole: damaged.equals(whole), whole });
  } finally {
    await writeFile(path, whole);
  }
}

interface Question {
  readonly id: string;
  readonly key: boolean;
  readonly request: number;
  readonly isWhole: boolean;
  readonly whole?: Buffer;
}

/** One of the requests that read an archive. A good answer is right only for a whole file. */
async function ask(target: FuzzTarget, { id, key, request, isWhole, whole }: Question): Promise<void> {
  const secret = target.ids['key'] ?? '';
  const member = key ? { decryption_key: secret } : {};
  const header: Record<string, string> = key ? { 'x-decryption-key': secret } : {};
  const choices = [
    () => target.own('POST', '/api/v1/backups/validate', { backup_id: id, ...member }),
    () => target.own('POST', '/api/v1/backups/validate', { backup_id: id }),
    () =>
      target.own(
        'GET',
        `/api/v1/backups/${id}/export?format=${['json', 'yaml', 'ovsdb'][request % 3] ?? ''}`,
        undefined,
        header,
      ),
    () => target.own('GET', `/api/v1/backups/${id}/export?raw=true`),
    () =>
      target.own('POST', `/api/v1/backups/${id}/restore`, {
        dry_run: true,
        conflict_policy: ['skip', 'overwrite', 'rename', 'error'][request % 4],
        ...member,
      }),
    () =>
      target.own('POST', `/api/v1/backups/${id}/restore`, {
        conflict_policy: 'overwrite',
        exact: true,
        force: request % 2 === 0,
        ...member,
      }),
  ];
  const number = request % choices.length;
  const answer = await choices[number]?.().catch((error: unknown) => error as Error);
  if (answer === undefined) return;
  if (answer instanceof Error) {
    // the stored file as it is breaks off where the file does
    target.count('archives', 'broken off');
    if (number !== 3) target.problem(`request ${String(number)} to a damaged archive: ${answer.message}`);
    return;
  }
  const { status, body, bytes } = answer;
  target.count('archives', `${String(number)}: ${String(status)}`);
  for (const text of [body['error'], ...((body['errors'] ?? []) as readonly unknown[])])
    if (typeof text === 'string') target.note(text);
  if (status >= 500 || body['code'] === 'INTERNAL')
    target.problem(`request ${String(number)} to a damaged archive: ${String(status)} ${JSON.stringify(body)}`);
  const isGood = status === 200 && body['valid'] !== false && body['success'] !== false;
  // the stored file as it is goes out as it is, with its checksum beside it
  if (isGood && !isWhole && number !== 3)
    target.problem(
      `request ${String(number)} to a damaged archive was answered well: ${JSON.stringify(body).slice(0, 500)}`,
    );
  if (!isGood && isWhole)
    target.problem(
      `request ${String(number)} to a whole archive: ${String(status)} ${JSON.stringify(body).slice(0, 500)}`,
    );
  if (number === 3 && status === 200 && isWhole && whole?.equals(bytes) === false)
    target.problem('the stored file came otherwise');
  if (number === 5) await target.settle();
}

interface Copy {
  readonly file: string;
  /** Of the file that lies there. */
  readonly truth: Backup;
  readonly original: Backup;
  readonly damage: ManifestDamage;
}

/**
 * Puts copies of the origins with damaged manifests into the folder, starts the server on it, and looks at what it
 * tells of each.
 */
export async function withDamagedManifests(target: FuzzTarget, damages: readonly ManifestDamage[]): Promise<void> {
  const origins: Backup[] = [];
  for (let n = 0; n < 4; n++)
    origins.push(
      (await target.own('GET', `/api/v1/backups/${target.ids[`origin${String(n)}`] ?? ''}`)).body as unknown as Backup,
    );
  let copies: Copy[] = [];
  await target.restart(async () => {
    copies = await Promise.all(damages.map((damage, i) => place(target, origins, damage, i)));
  });
  const { backups } = (await target.own('GET', '/api/v1/backups')).body as { backups: readonly Backup[] };
  for (const copy of copies) {
    const found = backups.find(({ file }) => file === copy.file);
    target.count('manifests', found === undefined ? 'not listed' : 'listed');
    if (found !== undefined) await look(target, found, copy);
    else if (copy.damage.kind === 'NONE') target.problem(`a whole backup is not listed: ${copy.file}`);
  }
  await target.unchanged('damaged manifests');
  await target.restart(async () => {
    for (const { file } of copies)
      for (const name of [file, `${file}.meta`]) await rm(join(target.folder, name), { force: true });
  });
}

async function place(
  { folder }: FuzzTarget,
  origins: readonly Backup[],
  damage: ManifestDamage,
  i: number,
): Promise<Copy> {
  const original = origins[damage.origin] as Backup;
  const other = origins[(damage.origin + 1 + (i % 3)) % 4] as Backup;
  const file = original.file.replace(/-\d{8}-\d{6}(?:-\d+)?/, `-20200101-000000-${String(i + 2)}`);
  const archive = damage.kind === 'OTHER_ARCHIVE' ? other : original;
  await copyFile(join(folder, archive.file), join(folder, file));
  const text = await readFile(
    join(folder, `${(damage.kind === 'OTHER_MANIFEST' ? other : original).file}.meta`),
    'utf8',
  );
  const manifest = { ...(JSON.parse(text) as object), id: randomUUID() };
  const lie = damage.kind === 'LIE' ? LIES[damage.lie % LIES.length]?.(manifest) : {};
  const bytes = Buffer.from(
    printed(damage.kind === 'CHANGE' ? changed(manifest, damage.changes) : { ...manifest, ...lie }, {}),
  );
  await writeFile(join(folder, `${file}.meta`), damage.kind === 'BYTES' ? withByteChanges(bytes, damage.bytes) : bytes);
  return { file, truth: archive, original, damage };
}

/** What is listed can be looked at, and what is valid is told truly. */
async function look(target: FuzzTarget, found: Backup, { truth, damage }: Copy): Promise<void> {
  const key = target.ids['key'] ?? '';
  const isEncrypted = truth['encrypted'] === true;
  const secret = isEncrypted ? { decryption_key: key } : {};
  const header: Record<string, string> = isEncrypted ? { 'x-decryption-key': key } : {};
  const describe = (): string =>
    `${damage.kind} ${damage.kind === 'LIE' ? String(LIES[damage.lie % LIES.length]) : JSON.stringify(damage.changes).slice(0, 300)}`;
  for (const [method, path, body] of [
    ['GET', `/api/v1/backups/${encodeURIComponent(found.id.toWellFormed())}`, undefined],
    ['POST', '/api/v1/backups/validate', { backup_id: found.id, ...secret }],
    ['GET', `/api/v1/backups/${encodeURIComponent(found.id.toWellFormed())}/export`, undefined],
    [
      'POST',
      `/api/v1/backups/${encodeURIComponent(found.id.toWellFormed())}/restore`,
      { dry_run: true, conflict_policy: 'overwrite', exact: true, ...secret },
    ],
  ] as const) {
    const answer = await target.own(method, path, body, header).catch((error: unknown) => error as Error);
    if (answer instanceof Error) {
      target.problem(`${describe()}: ${method} ${path}: ${answer.message}`);
      continue;
    }
    target.count(
      'manifests',
      `${path.replace(/^.*\//, '').length > 30 ? 'get' : path.replace(/^.*\//, '')}: ${String(answer.status)}`,
    );
    if (typeof answer.body['error'] === 'string') target.note(answer.body['error']);
    for (const text of (answer.body['errors'] ?? []) as readonly unknown[])
      if (typeof text === 'string') target.note(text);
    if (answer.status >= 500 || answer.body['code'] === 'INTERNAL')
      target.problem(
        `${describe()}: ${method} ${path}: ${String(answer.status)} ${JSON.stringify(answer.body).slice(0, 500)}`,
      );
    if (answer.body['valid'] !== true) continue;
    // what it does not tell is no lie
    const lies = TRUTHS.filter((member) => found[member] !== null && found[member] !== truth[member]);
    if (lies.length > 0 && answer.body['content_checked'] === true)
      target.problem(
        `valid, but not true: ${lies.map((member) => `${member} ${String(found[member])} instead of ${String(truth[member])}`).join(', ')}: ${describe()}`,
      );
  }
}
