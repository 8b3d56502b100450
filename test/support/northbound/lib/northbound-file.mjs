// Writes a standalone OVSDB database file row by row.
//
// The file is a log: each record is "OVSDB JSON <length> <sha1>\n" and then
// <length> bytes of JSON. Record one is the schema, record two here is a single
// transaction holding every row, which is also what a server writes when it
// compacts a database. Columns at their default value are left out, as the
// server does.

import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

const ZERO_UUID = '00000000-0000-0000-0000-000000000000';
const CHUNK = 1 << 20;

const str = JSON.stringify;

function atomKind(base) {
  return typeof base === 'string' ? base : base.type;
}

function encodeAtom(base) {
  const kind = atomKind(base);
  const allowed = base.enum === undefined ? null : new Set(Array.isArray(base.enum) ? base.enum[1] : [base.enum]);
  switch (kind) {
    case 'string':
      // an older schema may not have the value yet: a server drops a whole transaction for one such value
      if (allowed !== null) return (v) => str(allowed.has(v) ? v : [...allowed][0]);
      return (v) => str(String(v));
    case 'uuid':
      return (v) => '["uuid","' + v + '"]';
    default: // integer, real, boolean; BigInt prints exactly
      return (v) => String(v);
  }
}

function defaultAtom(kind) {
  return { string: '', uuid: ZERO_UUID, boolean: false }[kind] ?? 0;
}

/** A function from a JavaScript value to JSON text, or to null for the default value. */
function columnEncoder(type) {
  if (typeof type === 'string') type = { key: type };
  const min = type.min ?? 1;
  const max = type.max ?? 1;
  const key = encodeAtom(type.key);
  if (type.value !== undefined) {
    const value = encodeAtom(type.value);
    return (v) => {
      const pairs = Array.isArray(v) ? v : Object.entries(v);
      if (pairs.length === 0) return null;
      let out = '["map",[';
      for (let i = 0; i < pairs.length; i++) {
        if (i) out += ',';
        out += '[' + key(pairs[i][0]) + ',' + value(pairs[i][1]) + ']';
      }
      return out + ']]';
    };
  }
  if (min === 1 && max === 1) {
    const def = defaultAtom(atomKind(type.key));
    return (v) => (v === def ? null : key(v));
  }
  return (v) => {
    if (v === null) return null;
    if (!Array.isArray(v)) return key(v);
    if (v.length === 0) return null;
    if (v.length === 1) return key(v[0]);
    const parts = new Array(v.length);
    for (let i = 0; i < v.length; i++) parts[i] = key(v[i]);
    return '["set",[' + parts.join(',') + ']]';
  };
}

export class NorthboundFile {
  constructor(schemaPath) {
    this.schema = JSON.parse(readFileSync(schemaPath, 'utf8'));
    this.rows = 0;
    this.skipped = 0;
    this.tables = new Map();
    for (const [name, t] of Object.entries(this.schema.tables)) {
      const columns = new Map();
      for (const [c, d] of Object.entries(t.columns)) {
        if (!d.ephemeral) columns.set(c, columnEncoder(d.type));
      }
      this.tables.set(name, { columns, chunks: [], text: '', count: 0 });
    }
  }

  has(table) {
    return this.tables.has(table);
  }

  /** Columns that this schema does not have, and undefined values, are left out. */
  add(table, uuid, row) {
    const t = this.tables.get(table);
    if (t === undefined) {
      this.skipped++;
      return;
    }
    let out = (t.count++ ? ',"' : '"') + uuid + '":{';
    let first = true;
    for (const c in row) {
      const v = row[c];
      if (v === undefined) continue;
      const enc = t.columns.get(c);
      if (enc === undefined) continue;
      const json = enc(v);
      if (json === null) continue;
      out += (first ? '"' : ',"') + c + '":' + json;
      first = false;
    }
    t.text += out + '}';
    this.rows++;
    if (t.text.length > CHUNK) {
      t.chunks.push(Buffer.from(t.text));
      t.text = '';
    }
  }

  counts() {
    const out = {};
    for (const [name, t] of this.tables) if (t.count) out[name] = t.count;
    return out;
  }

  /** Returns the number of bytes written. */
  write(path, comment) {
    const parts = [];
    let length = 0;
    const push = (x) => {
      const b = typeof x === 'string' ? Buffer.from(x) : x;
      parts.push(b);
      length += b.length;
    };
    push('{');
    for (const [name, t] of this.tables) {
      if (!t.count) continue;
      push(str(name) + ':{');
      for (const c of t.chunks) push(c);
      if (t.text) push(t.text);
      push('},');
    }
    // a fixed date: the same arguments give the same bytes
    push('"_comment":' + str(comment) + ',"_date":1700000000000}\n');
    const hash = createHash('sha1');
    for (const p of parts) hash.update(p);

    const schema = Buffer.from(str(this.schema) + '\n');
    const schemaSha = createHash('sha1').update(schema).digest('hex');
    const fd = openSync(path, 'w');
    let total = 0;
    const put = (b) => {
      for (let off = 0; off < b.length; ) off += writeSync(fd, b, off);
      total += b.length;
    };
    put(Buffer.from(`OVSDB JSON ${schema.length} ${schemaSha}\n`));
    put(schema);
    put(Buffer.from(`OVSDB JSON ${length} ${hash.digest('hex')}\n`));
    for (const p of parts) put(p);
    closeSync(fd);
    return total;
  }
}
