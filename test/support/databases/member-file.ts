/** Database files made by hand, record by record, as ovsdb-server writes them (ovsdb(5)). */
import { createHash, randomUUID } from 'node:crypto';
import { type Json, stringifyJson } from '../../../src/ovsdb/json.js';

export function record(json: Json | string, magic: 'CLUSTER' | 'JSON' = 'CLUSTER'): Buffer {
  const body = `${typeof json === 'string' ? json : stringifyJson(json)}\n`;
  return Buffer.from(
    `OVSDB ${magic} ${String(Buffer.byteLength(body))} ${createHash('sha1').update(body).digest('hex')}\n${body}`,
  );
}

export interface MemberFile {
  /** The snapshot: the schema and all rows. */
  readonly schema: Json;
  readonly rows: Json;
  /** Entries since, each `[schema or null, transaction or null]`. */
  readonly entries: readonly Json[];
  /** How many of them are committed; all if left out. */
  readonly committed?: number;
}

const MEMBERS = { [randomUUID()]: 'tcp:10.0.0.1:6643', [randomUUID()]: 'tcp:10.0.0.2:6643' };
const FIRST = 10;

/** The file of a member of a cluster of two. */
export function memberFile({ schema, rows, entries, committed = entries.length }: MemberFile): Buffer {
  const { name } = schema as { readonly name: string };
  return Buffer.concat([
    record({
      prev_eid: randomUUID(),
      cluster_id: randomUUID(),
      name,
      prev_term: 3,
      prev_data: [schema, rows],
      prev_servers: MEMBERS,
      server_id: randomUUID(),
      prev_index: FIRST,
      local_address: 'tcp:10.0.0.1:6643',
    }),
    ...entries.map((data, i) => record({ eid: randomUUID(), data, term: 3, index: FIRST + 1 + i })),
    record({ commit_index: FIRST + committed }),
  ]);
}
