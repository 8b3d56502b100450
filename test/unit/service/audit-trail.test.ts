/**
 * The audit trail by itself, in a folder of its own: the chain, what a check finds, sharing a write, full files,
 * floods.
 */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/lib/clock.js';
import { AppError } from '../../../src/lib/error.js';
import { createLog } from '../../../src/lib/log.js';
import { type AuditEvent, CHAIN_START, nextLine, readHead, readLine } from '../../../src/service/audit/audit-line.js';
import { AuditTrail, type AuditTrailParts } from '../../../src/service/audit/audit-trail.js';
import { checkTrail } from '../../../src/service/audit/chain-check.js';
import { TestClock } from '../../support/test-clock.js';

let folder: string;
let lines: string[];
let now: number;
const opened: AuditTrail[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-audit-'));
  lines = [];
  now = Date.parse('2026-01-15T10:30:00.000Z');
});
afterEach(async () => {
  for (const trail of opened.splice(0)) await trail.close();
  await rm(folder, { recursive: true, force: true });
});

async function openTrail(parts: Partial<AuditTrailParts> = {}): Promise<AuditTrail> {
  const clock = { ...systemClock, now: () => now };
  const trail = await AuditTrail.open(folder, {
    clock,
    log: createLog('trace', { write: (line) => void lines.push(line) }),
    ...parts,
  });
  opened.push(trail);
  return trail;
}

async function closeTrail(trail: AuditTrail): Promise<void> {
  opened.splice(opened.indexOf(trail), 1);
  await trail.close();
}

const call = (name: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
  subject: 'alice',
  action: 'createBackup',
  target: { backupId: `id-${name}`, name },
  address: '127.0.0.1',
  via: 'GRAPHQL',
  result: 'OK',
  requestId: `r-${name}`,
  ...more,
});
const path = (name: string): string => join(folder, name);
const text = async (name = 'audit.jsonl'): Promise<string> => readFile(path(name), 'utf8');
const texts = async (name?: string): Promise<string[]> => (await text(name)).trimEnd().split('\n');
const messages = async (): Promise<readonly string[]> =>
  (await checkTrail(folder)).faults.map(
    ({ seq, file, line, message }) => `${file}:${String(line)} ${String(seq)} ${message}`,
  );

/** A trail of `count` lines, at rest. */
async function written(count: number, parts: Partial<AuditTrailParts> = {}): Promise<void> {
  const trail = await openTrail(parts);
  for (let n = 1; n <= count; n++) await trail.record(call(String(n)));
  await closeTrail(trail);
}

it('writes nothing while another server has the folder, keeps the lines, and refuses what would change something', async () => {
  let isTaken = false;
  const taken = new AppError('STORE_UNAVAILABLE', 'Another server has taken over the backup store');
  const trail = await openTrail({ mayWrite: () => (isTaken ? Promise.reject(taken) : Promise.resolve()) });
  await trail.record(call('1'));
  await trail.check(); // when the head is written, too
  const before = [await text(), await text('audit.head')];
  isTaken = true;
  await trail.record(call('2'));
  expect([await text(), await text('audit.head')]).toEqual(before);
  await expect(trail.admit()).rejects.toThrow('Another server has taken over the backup store');
  isTaken = false;
  await trail.record(call('3'));
  expect((await texts()).map((line) => readLine(line)?.entry.target?.name)).toEqual(['1', '2', '3']);
});

describe('a line', () => {
  it('is JSON that says who did what, when, from where, and how it ended, and is chained to the one before', async () => {
    await written(2);
    const [one = '', two = ''] = await texts();
    expect(JSON.parse(one)).toEqual({
      seq: 1,
      at: '2026-01-15T10:30:00.000Z',
      prev: `sha256:${'0'.repeat(64)}`,
      subject: 'alice',
      action: 'createBackup',
      target: { backupId: 'id-1', name: '1' },
      address: '127.0.0.1',
      via: 'GRAPHQL',
      result: 'OK',
      requestId: 'r-1',
      hash: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    expect(JSON.parse(two).prev).toBe(JSON.parse(one).hash);
    expect((await stat(path('audit.jsonl'))).mode & 0o777).toBe(0o600);
    expect((await stat(path('audit.head'))).mode & 0o777).toBe(0o600);
  });

  it('has a hash that anybody can compute from its bytes', async () => {
    await written(1);
    const [line = ''] = await texts();
    const body = `${line.slice(0, line.indexOf(',"hash":'))}}`;
    expect(JSON.parse(line).hash).toBe(`sha256:${createHash('sha256').update(body).digest('hex')}`);
  });

  it('is ASCII, whatever a name holds, and is read back as it was given', () => {
    const name = 'a\n\u001b[2J\u0000"\\\u007f\u009b31m \u202e ночь \ud800 😀';
    const { text: line } = nextLine(CHAIN_START, '2026-01-15T10:30:00.000Z', call('x', { target: { name } }));
    expect(line).toMatch(/^[\x20-\x7e]+$/);
    expect(readLine(line)).toMatchObject({ isIntact: true, entry: { target: { name } } });
  });

  it('cuts what is too long', () => {
    const { text: line } = nextLine(
      CHAIN_START,
      '2026-01-15T10:30:00.000Z',
      call('x', {
        subject: '\u{10ffff}'.repeat(1e5),
        action: 'b'.repeat(1e5),
        target: { name: '\n'.repeat(1e5), backupId: 'c'.repeat(1e5) },
        note: 'd'.repeat(1e5),
        requestId: 'e'.repeat(1e5),
      }),
    );
    expect(line.length).toBeLessThan(16_384);
    expect(readLine(line)).toMatchObject({ isIntact: true });
  });

  it.each([
    '',
    '{}',
    'null',
    '{"seq":1}',
    '{"seq":1,"hash":"sha256:00"}',
    `{"seq":1,"x":{"hash":"sha256:${'0'.repeat(64)}"}`,
    `{"seq":1,broken,"hash":"sha256:${'0'.repeat(64)}"}`,
    `{"seq":-1,"hash":"sha256:${'0'.repeat(64)}"}`,
  ])('is not %j', (line) => {
    expect(readLine(line)).toBeUndefined();
  });

  it.each([
    '',
    '{}',
    '{"seq":1}',
    '{"seq":1.5,"hash":"x"}',
    `{"seq":1,"hash":"sha256:${'0'.repeat(64)}","more":1}`,
    '[]',
    'null',
  ])('no head is %j', (head) => {
    expect(readHead(head)).toBeUndefined();
  });
});

describe('a check', () => {
  it('finds nothing wrong with an untouched trail', async () => {
    await written(9);
    const last = JSON.parse((await texts()).at(-1) ?? '');
    expect(await checkTrail(folder)).toEqual({
      intact: true,
      lines: 9,
      firstSeq: 1,
      lastSeq: 9,
      lastHash: last.hash,
      faults: [],
      faultCount: 0,
    });
  });

  type Tamper = (all: string[]) => Promise<unknown>;
  const put = (all: readonly string[]): Promise<void> =>
    writeFile(path('audit.jsonl'), all.map((line) => `${line}\n`).join(''));
  /** The line with other content and a hash that fits it. */
  const forged = (line: string): string => {
    const { entry } = readLine(line) ?? {};
    if (entry === undefined) throw new Error(`no line: ${line}`);
    return nextLine({ seq: entry.seq - 1, hash: entry.prev }, entry.at, { ...entry, subject: 'mallory' }).text;
  };
  const TAMPERINGS: readonly (readonly [string, Tamper, RegExp])[] = [
    [
      'an edited line',
      (all) => put(all.with(3, all[3]?.replace('alice', 'mallory') ?? '')),
      /^audit.jsonl:4 4 the line was edited/,
    ],
    [
      'an edited time',
      (all) => put(all.with(3, all[3]?.replace('10:30', '10:31') ?? '')),
      /^audit.jsonl:4 4 the line was edited/,
    ],
    [
      'a space in a line',
      (all) => put(all.with(3, all[3]?.replace(',"via"', ', "via"') ?? '')),
      /^audit.jsonl:4 4 the line was edited/,
    ],
    [
      'an edited hash',
      (all) =>
        put(
          all.with(
            3,
            all[3]?.replace(
              /(.)(.{62})"\}$/,
              (_, digit: string, rest: string) => `${digit === '0' ? '1' : '0'}${rest}"}`,
            ) ?? '',
          ),
        ),
      /^audit.jsonl:4 4 the line was edited/,
    ],
    [
      'an edited line with its hash made anew',
      (all) => put(all.with(3, forged(all[3] ?? ''))),
      /^audit.jsonl:5 5 it does not follow line 4 as that is now/,
    ],
    [
      'an edited last line with its hash made anew',
      (all) => put(all.with(-1, forged(all.at(-1) ?? ''))),
      /^audit.jsonl:9 9 audit.head holds another hash of line 9/,
    ],
    ['a line that is none', (all) => put(all.with(3, 'hello')), /^audit.jsonl:4 4 this is no line of an audit trail/],
    [
      'a last line that is none',
      (all) => put(all.with(-1, 'hello')),
      /^audit.jsonl:9 9 this is no line of an audit trail/,
    ],
    ['a removed line', (all) => put(all.toSpliced(3, 1)), /^audit.jsonl:4 5 line 4 is missing before it/],
    ['a cut in the middle', (all) => put(all.toSpliced(2, 5)), /^audit.jsonl:3 8 lines 3 to 7 are missing before it/],
    ['a cut at the beginning', (all) => put(all.slice(2)), /^audit.jsonl:1 3 lines 1 to 2 are missing before it/],
    [
      'a cut at the end',
      (all) => put(all.slice(0, -2)),
      /^audit.jsonl:undefined 8 lines 8 to 9 are missing at the end/,
    ],
    [
      'a last line that is taken off',
      (all) => put(all.slice(0, -1)),
      /^audit.jsonl:undefined 9 line 9 is missing at the end/,
    ],
    [
      'a torn last line that was acknowledged',
      async () => truncate(path('audit.jsonl'), (await stat(path('audit.jsonl'))).size - 20),
      /^audit.jsonl:undefined 9 line 9 is missing at the end/,
    ],
    [
      'a last line without its line feed',
      async () => truncate(path('audit.jsonl'), (await stat(path('audit.jsonl'))).size - 1),
      /^audit.jsonl:undefined 9 line 9 is missing at the end/,
    ],
    [
      'an inserted copy of a line',
      (all) => put(all.toSpliced(5, 0, all[2] ?? '')),
      /^audit.jsonl:6 3 the line is out of place: it follows line 5/,
    ],
    [
      "an inserted line of one's own",
      (all) =>
        put(
          all.toSpliced(
            5,
            0,
            nextLine(readLine(all[4] ?? '')?.entry ?? CHAIN_START, '2026-01-15T10:30:00.000Z', call('x')).text,
          ),
        ),
      /^audit.jsonl:7 6 the line is out of place/,
    ],
    ['an empty line', (all) => put(all.toSpliced(5, 0, '')), /^audit.jsonl:6 6 this is no line/],
    [
      'two lines that are swapped',
      (all) => put([...all.slice(0, 3), all[4] ?? '', all[3] ?? '', ...all.slice(5)]),
      /^audit.jsonl:4 5 line 4 is missing before it/,
    ],
    ['a deleted trail', () => rm(path('audit.jsonl')), /^audit.head:undefined 1 lines 1 to 9 are missing at the end/],
    [
      'an emptied trail',
      () => truncate(path('audit.jsonl')),
      /^audit.jsonl:undefined 1 lines 1 to 9 are missing at the end/,
    ],
    ['a deleted head', () => rm(path('audit.head')), /^audit.head:undefined undefined the file is missing/],
    [
      'a head that is none',
      () => writeFile(path('audit.head'), 'x'),
      /^audit.head:undefined undefined the file cannot be read/,
    ],
    [
      'a head that is further on',
      async () => writeFile(path('audit.head'), (await text('audit.head')).replace('"seq":9', '"seq":12')),
      /lines 10 to 12 are missing at the end/,
    ],
    [
      'a head that names another line',
      async () => writeFile(path('audit.head'), (await text('audit.head')).replace('"seq":9', '"seq":8')),
      /^audit.jsonl:8 8 audit.head holds another hash of line 8/,
    ],
    [
      'a trail that is begun anew beside the old head',
      (all) => {
        let last = CHAIN_START;
        return put(
          all.map((line) => {
            const next = nextLine(last, '2026-01-15T10:30:00.000Z', {
              ...(readLine(line)?.entry ?? call('x')),
              subject: 'mallory',
            });
            last = next;
            return next.text;
          }),
        );
      },
      /^audit.jsonl:9 9 audit.head holds another hash of line 9/,
    ],
  ];

  it.each(TAMPERINGS)('finds %s, and finds it still when the server has started again', async (_, tamper, first) => {
    await written(9);
    await tamper(await texts());
    const found = await messages();
    expect(found[0]).toMatch(first);
    expect(found.length).toBeLessThanOrEqual(3);
    const again = await openTrail();
    await again.recordOwn('serverStarted');
    await again.record(call('later'));
    expect((await again.check()).intact).toBe(false);
    await closeTrail(again);
    const check = await checkTrail(folder);
    expect(check.intact).toBe(false);
    // and what is written afterwards is whole by itself
    const late = (await texts()).slice(-2).map((line) => readLine(line));
    expect(late.map((line) => line?.isIntact)).toEqual([true, true]);
    expect(late[1]?.entry.prev).toBe(late[0]?.entry.hash);
    await written(1);
    expect((await checkTrail(folder)).faultCount).toBe(check.faultCount);
  });

  it('finds what is done to the trail of a running server', async () => {
    const trail = await openTrail();
    await trail.record(call('1'));
    await trail.record(call('2'));
    await truncate(path('audit.jsonl'), 100);
    await trail.record(call('3'));
    expect((await trail.check()).faults.length).toBeGreaterThan(0);
    await trail.record(call('4'));
    expect((await texts()).slice(-2).map((line) => readLine(line)?.entry.target?.name)).toEqual(['3', '4']);
    await rm(path('audit.jsonl'));
    await trail.record(call('5'));
    expect((await texts()).map((line) => readLine(line)?.entry.seq)).toEqual([5]);
    const check = await trail.check();
    expect(check).toMatchObject({ intact: false, faults: [{ seq: 5, message: 'lines 1 to 4 are missing before it' }] });
    await writeFile(path('audit.head'), '{"seq":0,"hash":"x"}');
    expect((await trail.check()).faultCount).toBe(2);
    const told = lines.filter((line) => line.includes('somebody has'));
    expect(told.length).toBe(2);
  });

  it('tells of the first hundred faults, and how many there are', async () => {
    await written(1);
    await appendFile(path('audit.jsonl'), 'x\n'.repeat(300));
    expect(await checkTrail(folder)).toMatchObject({ intact: false, lines: 301, faultCount: 300 });
    expect((await checkTrail(folder)).faults).toHaveLength(100);
  });

  it('reads past a line of a hundred megabytes', async () => {
    await written(1);
    await appendFile(path('audit.jsonl'), Buffer.alloc(100 << 20, 'x'));
    await appendFile(path('audit.jsonl'), '\n');
    const check = await checkTrail(folder);
    expect(check).toMatchObject({ intact: false, lines: 2, faultCount: 1 });
    expect((await (await openTrail()).page({ first: 5 })).nodes).toHaveLength(1);
  });

  it('is not content with an empty folder', async () => {
    expect(await checkTrail(folder)).toMatchObject({ intact: false, lines: 0 });
  });

  it('is content with a trail in which nothing has happened yet', async () => {
    await openTrail();
    expect(await checkTrail(folder)).toEqual({ intact: true, lines: 0, faults: [], faultCount: 0 });
  });
});

describe('a trail', () => {
  it('goes on after a restart where it ended', async () => {
    await written(3);
    await written(3);
    expect(await checkTrail(folder)).toMatchObject({ intact: true, lines: 6, lastSeq: 6 });
  });

  it('sets a line aside that a crash has torn, and says so', async () => {
    await written(3);
    const whole = await text();
    await appendFile(path('audit.jsonl'), '{"seq":4,"at":"2026-');
    expect(await checkTrail(folder)).toMatchObject({ intact: true, lastSeq: 3 });
    await written(1);
    expect((await text()).startsWith(whole)).toBe(true);
    expect((await texts()).slice(3).map((line) => readLine(line)?.entry)).toMatchObject([
      { seq: 4, action: 'auditRecovered', subject: 'ovncp', note: expect.stringContaining('20 bytes') },
      { seq: 5, action: 'createBackup' },
    ]);
    expect(await checkTrail(folder)).toMatchObject({ intact: true, lines: 5 });
  });

  it('takes lines that a crash left beyond its head, also when there was none but the first', async () => {
    await written(1);
    const head = await text('audit.head');
    await written(4);
    await writeFile(path('audit.head'), head);
    expect(await checkTrail(folder)).toMatchObject({ intact: true, lastSeq: 5 });
    await written(1);
    expect(await checkTrail(folder)).toMatchObject({ intact: true, lastSeq: 6 });
    await writeFile(path('audit.head'), `${JSON.stringify(CHAIN_START)}\n`);
    await written(1);
    expect(await checkTrail(folder)).toMatchObject({ intact: true, lastSeq: 7 });
  });

  it('writes 200 lines that come at once in few writes, in the order in which they came', async () => {
    const trail = await openTrail();
    const inodes = new Set<number>();
    const watch = setInterval(
      () =>
        void stat(path('audit.head')).then(
          ({ ino, mtimeMs }) => inodes.add(ino + mtimeMs),
          () => undefined,
        ),
      1,
    );
    await Promise.all(Array.from({ length: 200 }, (_, n) => trail.record(call(String(n)))));
    clearInterval(watch);
    expect((await texts()).map((line) => readLine(line)?.entry.target?.name)).toEqual(
      Array.from({ length: 200 }, (_, n) => String(n)),
    );
    expect(inodes.size).toBeLessThan(10);
    expect(await trail.check()).toMatchObject({ intact: true, lines: 200 });
  });

  it('does not let those wait whose lines are written, while others go on writing', async () => {
    const trail = await openTrail();
    let isOver = false;
    const busy = (async () => {
      while (!isOver) await Promise.all(Array.from({ length: 20 }, () => trail.record(call('busy'))));
    })();
    // the others end only after these: who had to wait for them would wait for ever
    for (let n = 0; n < 10; n++) await trail.record(call('mine'));
    isOver = true;
    await busy;
    expect(await trail.check()).toMatchObject({ intact: true });
  });

  it('sets full files aside, checks and reads over all of them', async () => {
    await written(40, { fileBytesMax: 3_000 });
    const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'));
    expect(names.length).toBeGreaterThan(3);
    expect(names).toContain('audit-1.jsonl');
    expect(await checkTrail(folder)).toMatchObject({ intact: true, lines: 40, firstSeq: 1, lastSeq: 40 });
    const trail = await openTrail({ fileBytesMax: 3_000 });
    await trail.record(call('41'));
    const seen: number[] = [];
    for (let after: string | undefined; ; ) {
      const page = await trail.page({ first: 7, after });
      seen.push(...page.nodes.map(({ seq }) => seq));
      expect(page.hasPreviousPage).toBe(after !== undefined);
      after = String(page.nodes.at(-1)?.seq);
      if (!page.hasNextPage) break;
    }
    expect(seen).toEqual(Array.from({ length: 41 }, (_, n) => 41 - n));
    expect(await trail.check()).toMatchObject({ intact: true, lines: 41 });
    await rename(path(names[1] ?? ''), path('elsewhere'));
    expect((await trail.check()).faults[0]?.message).toMatch(/^lines \d+ to \d+ are missing before it/);
  });

  it('is read and checked whole while lines are written and files become full', async () => {
    const trail = await openTrail({ fileBytesMax: 5_000 });
    let isOver = false;
    const writing = (async () => {
      for (let n = 0; !isOver; n++) await Promise.all([trail.record(call(String(n))), trail.record(call(String(n)))]);
    })();
    for (let n = 0; n < 10; n++) {
      const [{ nodes }, live, apart] = await Promise.all([
        trail.page({ first: 200 }),
        trail.check(),
        checkTrail(folder),
      ]);
      expect(nodes.map(({ seq }) => seq)).toEqual(nodes.map((_, i) => (nodes[0]?.seq ?? 0) - i));
      expect(live.faults).toEqual([]);
      expect(apart.faults).toEqual([]);
    }
    isOver = true;
    await writing;
  });

  it('keeps lines that cannot be written, refuses what would change something, and writes them first when it can again', async () => {
    const trail = await openTrail({ waitingMax: 5 });
    await trail.record(call('1'));
    // a folder in the place of the file: nobody can write there, not even root
    await rename(path('audit.jsonl'), path('kept'));
    await mkdir(path('audit.jsonl'));
    for (let n = 2; n <= 9; n++) await trail.record(call(String(n)));
    await expect(trail.admit()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('Nothing is changed while the audit trail cannot be written'),
    });
    expect(trail.fault()?.code).toBe('STORE_UNAVAILABLE');
    expect(lines.filter((line) => line.includes('waits to be written'))).toHaveLength(8);
    await rm(path('audit.jsonl'), { recursive: true });
    await rename(path('kept'), path('audit.jsonl'));
    await trail.admit();
    expect(trail.fault()).toBeUndefined();
    expect((await texts()).map((line) => readLine(line)?.entry)).toMatchObject([
      { target: { name: '1' } },
      { action: 'auditGap', lines: 3 },
      ...['5', '6', '7', '8', '9'].map((name) => ({ target: { name } })),
    ]);
    expect(await trail.check()).toMatchObject({ intact: true, lines: 7 });
  });

  it('finds lines by subject, action, result and time, newest first', async () => {
    const trail = await openTrail();
    for (let n = 0; n < 12; n++) {
      now += 1_000;
      await trail.record(
        call(String(n), {
          subject: n % 2 === 0 ? 'alice' : 'bob',
          action: n % 3 === 0 ? 'deleteBackup' : 'createBackup',
          result: n % 4 === 0 ? 'NOT_FOUND' : 'OK',
        }),
      );
    }
    const seqs = async (filter: object): Promise<number[]> =>
      (await trail.page({ first: 50, ...filter })).nodes.map(({ seq }) => seq);
    expect(await seqs({ subject: 'bob' })).toEqual([12, 10, 8, 6, 4, 2]);
    expect(await seqs({ subject: 'alice', action: 'deleteBackup' })).toEqual([7, 1]);
    expect(await seqs({ result: 'NOT_FOUND' })).toEqual([9, 5, 1]);
    expect(await seqs({ sinceMs: now - 2_000, untilMs: now - 1_000 })).toEqual([11, 10]);
    expect(await trail.count({ subject: 'bob' })).toBe(6);
    expect(await trail.count({})).toBe(12);
    expect(await trail.page({ first: 2, subject: 'bob' })).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(await trail.page({ first: 4, subject: 'bob', after: '10' })).toMatchObject({
      nodes: [{ seq: 8 }, { seq: 6 }, { seq: 4 }, { seq: 2 }],
      hasNextPage: false,
      hasPreviousPage: true,
    });
    expect(await trail.page({ first: 2, subject: 'bob', offset: 3 })).toMatchObject({
      nodes: [{ seq: 6 }, { seq: 4 }],
      hasNextPage: true,
      hasPreviousPage: true,
    });
  });

  it.each([
    { first: 0 },
    { first: 501 },
    { first: 1.5 },
    { first: 5, after: 'x' },
    { first: 5, after: '0' },
    { first: 5, after: '9'.repeat(400) },
  ])('has no page %j', async (request) => {
    await expect((await openTrail()).page(request)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('a flood of refused calls', () => {
  const refused = (address: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
    action: 'graphql',
    address,
    via: 'GRAPHQL',
    result: 'UNAUTHENTICATED',
    ...more,
  });

  it('has sixty lines a minute of one address, and one more for each kind of call', async () => {
    const clock = new TestClock();
    const trail = await openTrail({ clock });
    await Promise.all(
      Array.from({ length: 1_000 }, (_, n) =>
        trail.record(
          refused('10.0.0.1', { requestId: String(n), result: n % 2 === 0 ? 'UNAUTHENTICATED' : 'RATE_LIMITED' }),
        ),
      ),
    );
    await trail.record(refused('10.0.0.2'));
    await trail.record(call('mine'));
    expect(await texts()).toHaveLength(62);
    clock.advance(59_999);
    await trail.record(call('sooner'));
    expect(await texts()).toHaveLength(63);
    clock.advance(1);
    await trail.record(call('later'));
    const entries = (await texts()).slice(63).map((line) => readLine(line)?.entry);
    expect(entries).toMatchObject([
      { result: 'UNAUTHENTICATED', repeated: 470, address: '10.0.0.1' },
      { result: 'RATE_LIMITED', repeated: 470 },
      { target: { name: 'later' } },
    ]);
    await trail.record(refused('10.0.0.1'));
    expect(await texts()).toHaveLength(67);
  });

  it('is told of when the server stops', async () => {
    const trail = await openTrail({ flood: { windowMs: 60_000, perAddress: 1, inAll: 10, kinds: 10 } });
    for (let n = 0; n < 5; n++) await trail.record(refused('10.0.0.1'));
    await closeTrail(trail);
    expect((await texts()).map((line) => readLine(line)?.entry.repeated)).toEqual([undefined, 4]);
  });

  it('never takes a line from one who is known and did something', async () => {
    const trail = await openTrail({ flood: { windowMs: 60_000, perAddress: 0, inAll: 0, kinds: 1 } });
    for (let n = 0; n < 5; n++) await trail.record(call(String(n), { result: 'NOT_FOUND' }));
    expect(await texts()).toHaveLength(5);
  });
});
