// What a database holds, as Open vSwitch's own client tells it: nothing of this project's code takes part.

import { createHash } from 'node:crypto';
import { DATABASE, run } from '../bench/processes.mjs';

/** Runtime state, which a restore leaves to northd: table -> columns. */
const RUNTIME = {
  NB_Global: ['nb_cfg', 'nb_cfg_timestamp', 'sb_cfg', 'sb_cfg_timestamp', 'hv_cfg', 'hv_cfg_timestamp', 'options'],
  Connection: ['is_connected', 'status'],
  Logical_Switch_Port: ['up', 'dynamic_addresses', 'tag'],
  Logical_Router_Port: ['ipv6_prefix', 'status'],
  BFD: ['status'],
};

/** Table -> UUID -> column -> value in wire notation, sets and maps sorted. */
export function dump(remote) {
  const text = run('ovsdb-client', ['--timeout=60', '--format=json', 'dump', remote, DATABASE], { encoding: 'utf8' });
  const tables = new Map();
  for (const line of text.split('\n').filter((part) => part !== '')) {
    // 64-bit integers stay exact as strings
    const { caption, headings, data } = JSON.parse(
      line.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}/g, (token) => (token.startsWith('"') ? token : `"integer ${token}"`)),
    );
    const rows = new Map();
    for (const values of data) {
      const row = Object.fromEntries(headings.map((column, i) => [column, sorted(values[i])]));
      const uuid = row._uuid[1];
      delete row._uuid;
      delete row._version;
      rows.set(uuid, row);
    }
    tables.set(caption.replace(/ table$/, ''), rows);
  }
  return tables;
}

function sorted(value) {
  if (!Array.isArray(value) || (value[0] !== 'set' && value[0] !== 'map')) return value;
  return [
    value[0],
    value[1]
      .map((member) => JSON.stringify(member))
      .sort()
      .map((text) => JSON.parse(text)),
  ];
}

/** Every row with its UUID and every stored value, as one text. */
export function exactText(tables) {
  const lines = [...tables].flatMap(([table, rows]) =>
    [...rows].map(
      ([uuid, row]) =>
        `${table} ${uuid} ${JSON.stringify(row, (name, value) => (table === 'Connection' && RUNTIME.Connection.includes(name) ? undefined : value))}`,
    ),
  );
  return lines.sort().join('\n');
}

const ROUNDS = 6;

/**
 * The same without UUIDs and runtime state: each reference is replaced by what it leads to, several
 * steps far, and each row is told with what refers to it.
 */
export function likeText(tables) {
  let names = new Map([...tables].flatMap(([table, rows]) => [...rows.keys()].map((uuid) => [uuid, table])));
  const referrers = new Map();
  for (const [table, rows] of tables) {
    for (const [uuid, row] of rows)
      for (const [column, value] of Object.entries(row))
        for (const to of uuidsIn(value))
          referrers.set(to, [...(referrers.get(to) ?? []), { from: uuid, as: `${table}.${column}` }]);
  }
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Map();
    for (const [table, rows] of tables) {
      for (const [uuid, row] of rows) {
        const columns = Object.entries(row)
          .filter(([column]) => !(RUNTIME[table] ?? []).includes(column))
          .map(([column, value]) => [column, named(value, names)]);
        const by = (referrers.get(uuid) ?? []).map(({ from, as }) => `${as} ${names.get(from)}`).sort();
        next.set(
          uuid,
          createHash('sha256')
            .update(JSON.stringify([table, columns, by]))
            .digest('base64')
            .slice(0, 20),
        );
      }
    }
    names = next;
  }
  return [...tables]
    .flatMap(([table, rows]) => [...rows.keys()].map((uuid) => `${table} ${names.get(uuid)}`))
    .sort()
    .join('\n');
}

function uuidsIn(value) {
  if (!Array.isArray(value)) return [];
  if (value[0] === 'uuid' && value.length === 2) return [value[1]];
  return value.flatMap(uuidsIn);
}

function named(value, names) {
  if (!Array.isArray(value)) return value;
  if (value[0] === 'uuid' && value.length === 2) return ['uuid', names.get(value[1]) ?? value[1]];
  const members = value.map((member) => named(member, names));
  return value[0] === 'set' || value[0] === 'map'
    ? [members[0], members[1].map((member) => JSON.stringify(member)).sort()]
    : members;
}

/** The first line that only one of two texts has. */
export function firstDifference(a, b) {
  const [before, after] = [a.split('\n'), b.split('\n')];
  const at = before.findIndex((line, i) => line !== after[i]);
  return (
    `${(before[at] ?? 'nothing').slice(0, 300)} <> ` +
    `${(after[at === -1 ? before.length : at] ?? 'nothing').slice(0, 300)}`
  );
}
