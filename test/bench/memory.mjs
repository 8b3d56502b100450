// node test/bench/memory.mjs [--mb 20,100,1000] [--kinds json,shuffled,early,yaml,yaml-early,ovsdb,tiny] [--to JSON] [--build DIR]
//   [--folder DIR] [--no-scratch] [--json]
//
// Makes archives of many sizes, and for each one, in a process of its own, reads and checks it as an import does, or
// also writes it in another format as an export does. Prints the most memory that the process had, its longest pause,
// and the time. With --file FILE one archive that is there already is read.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const SCHEMA = JSON.parse(
  readFileSync(fileURLToPath(new URL('../compat/schemas/ovn-nb.main.ovsschema', import.meta.url)), 'utf8'),
);
const BLOCK_BYTES = 256 << 10;
const PORTS = 50;
/** Of one switch with its ports, by kind; about. */
const GROUP_BYTES = {
  json: 20_500,
  shuffled: 20_500,
  early: 20_500,
  yaml: 24_000,
  'yaml-early': 24_000,
  ovsdb: 23_000,
  tiny: 46,
};

const { values: options } = parseArgs({
  options: {
    mb: { type: 'string', default: '20,100' },
    kinds: { type: 'string', default: Object.keys(GROUP_BYTES).join(',') },
    to: { type: 'string' },
    build: { type: 'string', default: fileURLToPath(new URL('../../dist', import.meta.url)) },
    folder: { type: 'string', default: tmpdir() },
    file: { type: 'string' },
    child: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    'no-scratch': { type: 'boolean', default: false },
  },
});

const hex = (number, digits) => number.toString(16).padStart(digits, '0');
/** In the order of the numbers; mixed, they follow no order, as in files that ovsdb-server writes. */
const uuidOf = (number, isMixed) =>
  `${hex(isMixed ? Math.imul(number, 0x9e3779b1) >>> 0 : number, 8)}-0000-4000-8000-${hex(number, 12)}`;

const portOf = (number) => ({
  addresses: [
    `0a:58:0a:${hex((number >> 16) & 255, 2)}:${hex((number >> 8) & 255, 2)}:${hex(number & 255, 2)} ` +
      `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
  ],
  external_ids: { namespace: `namespace-${number % 500}`, pod: 'true', 'k8s.ovn.org/nad': `network-${number % 7}` },
  name: `namespace-${number % 500}_pod-${hex(number, 8)}`,
  options: { 'iface-id-ver': uuidOf(number, true), requested_chassis: `node-${number % 300}` },
  port_security: [`0a:58:0a:00:00:${hex(number & 255, 2)}`],
});
const switchOf = (number, isMixed) => ({
  name: `switch-${number}`,
  other_config: { subnet: '10.0.0.0/8' },
  ports: Array.from({ length: PORTS }, (_, i) => uuidOf(number * PORTS + i + 1, isMixed)).sort(),
});

function* rowsOf(kind, groups) {
  const isMixed = kind === 'shuffled' || kind === 'ovsdb';
  if (kind === 'tiny') {
    yield 'Address_Set';
    for (let i = 0; i < groups; i++) yield [uuidOf(i, false), {}];
    return;
  }
  yield 'Logical_Switch';
  for (let i = 0; i < groups; i++) yield [uuidOf(i, isMixed), switchOf(i, isMixed)];
  yield 'Logical_Switch_Port';
  for (let i = 0; i < groups * PORTS; i++) yield [uuidOf(i + 1, isMixed), portOf(i)];
}

function* jsonOf(kind, groups) {
  const schema = `"schema":${JSON.stringify(SCHEMA)}`;
  yield `{"format":"ovncp-backup/1",\n${kind === 'early' ? '' : `${schema},\n`}"tables":{`;
  let before = '';
  let isFirst = true;
  for (const row of rowsOf(kind, groups)) {
    if (typeof row === 'string') {
      yield `${before}\n"${row}":{\n`;
      before = '\n},';
      isFirst = true;
      continue;
    }
    yield `${isFirst ? '' : ',\n'}"${row[0]}":${JSON.stringify(row[1])}`;
    isFirst = false;
  }
  yield `\n}\n},\n${kind === 'early' ? `${schema},\n` : ''}"contentDigest":"none"}\n`;
}

function* yamlOf(kind, groups) {
  const schema = `schema: ${JSON.stringify(SCHEMA)}\n`;
  yield `format: "ovncp-backup/1"\n${kind === 'yaml' ? schema : ''}tables:\n`;
  for (const row of rowsOf(kind, groups)) {
    if (typeof row === 'string') yield `  ${row}:\n`;
    else
      yield `    ${row[0]}:\n${Object.entries(row[1])
        .map(([name, value]) => `      ${name}: ${JSON.stringify(value)}\n`)
        .join('')}`;
  }
  yield `${kind === 'yaml' ? '' : schema}contentDigest: none\n`;
}

const wire = (value, isUuid) =>
  typeof value === 'string'
    ? value
    : Array.isArray(value)
      ? ['set', value.map((member) => (isUuid ? ['uuid', member] : member))]
      : ['map', Object.entries(value)];

function* transactionOf(kind, groups) {
  yield '{"_date":1700000000000';
  let before = ',';
  for (const row of rowsOf(kind, groups)) {
    if (typeof row === 'string') {
      yield `${before}"${row}":{`;
      before = '},';
    } else {
      yield `${before === ',' ? ',' : ''}"${row[0]}":${JSON.stringify(Object.fromEntries(Object.entries(row[1]).map(([name, value]) => [name, wire(value, name === 'ports')])))},`;
    }
  }
  yield '"":{}}}\n';
}

const headOf = (bytes, sha1) => `OVSDB JSON ${bytes} ${sha1.digest('hex')}\n`;

function* ovsdbOf(kind, groups) {
  const schema = `${JSON.stringify(SCHEMA)}\n`;
  yield headOf(Buffer.byteLength(schema), createHash('sha1').update(schema)) + schema;
  const sha1 = createHash('sha1');
  let bytes = 0;
  for (const piece of clean(transactionOf(kind, groups))) {
    sha1.update(piece);
    bytes += piece.length;
  }
  yield headOf(bytes, sha1);
  yield* clean(transactionOf(kind, groups));
}

/** Without the comma after the last row of a table. */
function* clean(pieces) {
  let held = '';
  for (const piece of pieces) {
    if (held !== '') yield piece.startsWith('}') || piece.startsWith('"":{}') ? held.slice(0, -1) : held;
    held = piece;
  }
  yield held.replace('"":{}}}', '}}');
}

async function write(file, pieces) {
  const out = createWriteStream(file);
  let block = '';
  for (const piece of pieces) {
    block += piece;
    if (block.length < BLOCK_BYTES) continue;
    if (!out.write(block)) await once(out, 'drain');
    block = '';
  }
  out.end(block);
  await once(out, 'close');
}

const load = (path) => import(pathToFileURL(join(resolve(options.build), path)).href);

/** Answers the longest time without an event, in ms; without that which other processes took on a busy machine. */
function watchPauses() {
  let longest = 0;
  let since = performance.now();
  let used = process.cpuUsage();
  const look = () => {
    const { user, system } = process.cpuUsage(used);
    longest = Math.max(longest, Math.min(performance.now() - since, (user + system) / 1000));
    since = performance.now();
    used = process.cpuUsage();
  };
  const timer = setInterval(look, 5);
  return () => {
    clearInterval(timer);
    look();
    return longest;
  };
}

/** Reads one file as an import does, writes it as an export does. */
async function run(file) {
  const { packArchive } = await load('archive/pack.js');
  const { unpackArchive } = await load('archive/unpack.js');
  const { systemClock: clock } = await load('lib/clock.js');
  const { openScratch } = await load('state/scratch-file.js');
  const { danglingReferences } = await load('model/reference/reference.js');
  const { Breath } = await load('lib/breath.js');
  const pause = watchPauses();
  const began = performance.now();
  const result = { outcome: 'read' };
  const scratch = options['no-scratch'] ? undefined : await openScratch(options.folder);
  try {
    const unpacked = await unpackArchive(createReadStream(file, { highWaterMark: BLOCK_BYTES }), {
      contentBytesMax: 2 ** 31,
      clock,
      scratch,
    });
    const breath = new Breath();
    const dangling = [];
    for (const found of danglingReferences(unpacked.snapshot)) {
      if (found !== undefined && dangling.length < 20) dangling.push(found);
      if (breath.due()) await breath.rest();
    }
    result.rows = [...unpacked.snapshot.tables.values()].reduce((sum, { count }) => sum + count, 0);
    if (dangling.length > 0) throw new Error(`there are dangling references, such as ${JSON.stringify(dangling[0])}`);
    if (options.to !== undefined) {
      const header = {
        schemaName: unpacked.snapshot.schema.name,
        schemaVersion: '',
        rowCount: result.rows,
        tables: {},
        id: '',
        name: '',
        createdAt: new Date().toISOString(),
        createdBy: '',
        database: '',
        type: 'FULL',
      };
      const packed = packArchive(unpacked.snapshot, { format: options.to, compress: false, header });
      for await (const block of packed.bytes) result.written = (result.written ?? 0) + block.length;
      await packed.result;
      result.outcome = 'read and written';
    }
  } catch (error) {
    result.outcome = `${error.code ?? error.name}: ${error.message}`.slice(0, 300);
  } finally {
    await scratch?.close();
  }
  result.s = (performance.now() - began) / 1000;
  result.pauseMs = pause();
  result.rssMb = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify(result));
}

function measure(kind, file) {
  const passed = ['build', 'folder', 'to'].flatMap((name) =>
    options[name] === undefined ? [] : [`--${name}`, options[name]],
  );
  const child = spawnSync(
    process.execPath,
    [
      fileURLToPath(import.meta.url),
      '--child',
      '--file',
      file,
      ...passed,
      ...(options['no-scratch'] ? ['--no-scratch'] : []),
    ],
    { encoding: 'utf8' },
  );
  if (child.status !== 0) throw new Error(child.stderr || `the process ended with ${child.signal ?? child.status}`);
  if (options.json) {
    console.log(JSON.stringify({ kind, ...JSON.parse(child.stdout) }));
    return;
  }
  const { outcome, rows, s, pauseMs, rssMb } = JSON.parse(child.stdout);
  console.log(
    [
      kind.padEnd(10),
      `${(statSync(file).size / 1e6).toFixed(0)} MB`.padStart(8),
      `${rows ?? '-'} rows`.padStart(14),
      `${s.toFixed(1)} s`.padStart(8),
      `${rssMb.toFixed(0)} MiB`.padStart(9),
      `pause ${pauseMs.toFixed(0)} ms`.padStart(13),
      ' ',
      outcome,
    ].join(' '),
  );
}

if (options.child) await run(options.file);
else if (options.file !== undefined) measure('file', options.file);
else {
  const folder = mkdtempSync(join(options.folder, 'ovncp-memory-'));
  try {
    for (const kind of options.kinds.split(',')) {
      for (const mb of options.mb.split(',').map(Number)) {
        const file = join(folder, `${kind}-${mb}`);
        const groups = Math.ceil((mb * 1e6) / GROUP_BYTES[kind]);
        const maker = kind.startsWith('yaml') ? yamlOf : kind === 'ovsdb' ? ovsdbOf : jsonOf;
        await write(file, maker(kind, groups));
        measure(kind, file);
        rmSync(file);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
