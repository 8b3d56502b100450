/**
 * The records of a RAFT member's log (ovsdb(5), "Clustered Format") without the data in them: what kind one is, and its
 * numbers.
 */
import { isObject, type Json } from '../../ovsdb/json.js';
import { readJson } from '../content/snapshot-builder.js';
import type { MemberTarget } from '../stream/member-scanner.js';
import { damaged } from './record-reader.js';

export type RaftRecord =
  | {
      readonly kind: 'ENTRY';
      readonly index: bigint;
      readonly term: bigint;
      readonly members: number | undefined;
      readonly hasData: boolean;
    }
  | { readonly kind: 'COMMIT'; readonly index: bigint }
  | { readonly kind: 'NOTE'; readonly note: string }
  /** Terms, votes and leaders: they say nothing of the database. */
  | { readonly kind: 'OTHER' };

export interface RaftHeader {
  /** Of the database. */
  readonly name: string;
  /** The member waits to be let into its cluster, and knows nothing yet. */
  readonly isJoining: boolean;
  /** The last entry that is in the snapshot; 0 without a snapshot. */
  readonly index: bigint;
  readonly term: bigint;
  /** Number of members of the cluster. */
  readonly members: number | undefined;
}

const HEADER_MEMBERS: ReadonlySet<string> = new Set([
  'server_id',
  'cluster_id',
  'name',
  'local_address',
  'remote_addresses',
  'prev_servers',
  'prev_term',
  'prev_index',
  'prev_eid',
  'prev_election_timer',
  'prev_data',
]);
const ENTRY_MEMBERS: ReadonlySet<string> = new Set([
  'comment',
  'term',
  'index',
  'servers',
  'election_timer',
  'data',
  'eid',
]);
const NOTE_MEMBERS: ReadonlySet<string> = new Set(['comment', 'note']);
const COMMIT_MEMBERS: ReadonlySet<string> = new Set(['comment', 'commit_index']);
const OTHER_MEMBERS: ReadonlySet<string> = new Set(['comment', 'term', 'vote', 'leader']);
const MEMBER_NAME_CHARACTERS = 100;
/** Addresses of members, at the longest. */
const FIELD_BYTES_MAX = 1 << 20;

/** Takes the members of a record but for its data. */
export class RecordFields implements MemberTarget {
  private readonly fields = new Map<string, Json>();
  private readonly names = new Set<string>();

  /**
   * @param at the byte where the record begins
   * @param dataName the member that holds the data
   */
  constructor(
    private readonly at: number,
    private readonly dataName: string,
  ) {}

  descends([name = '']: readonly string[]): boolean {
    if (this.names.has(name))
      throw damaged(this.at, `the record there holds "${name.slice(0, MEMBER_NAME_CHARACTERS)}" twice`);
    this.names.add(name);
    return false;
  }

  skips([name]: readonly string[]): boolean {
    return name === this.dataName;
  }

  bytesMax(): number {
    return FIELD_BYTES_MAX;
  }

  member([name = '']: readonly string[], value: Buffer): void {
    this.fields.set(name, readJson(value.toString(), `"${name.slice(0, MEMBER_NAME_CHARACTERS)}"`));
  }

  /** @throws AppError INTEGRITY_FAILED */
  header(): RaftHeader {
    const { fields, names } = this;
    this.only(HEADER_MEMBERS, 'the header');
    const name = fields.get('name');
    if (typeof name !== 'string') throw damaged(this.at, 'the header does not name the database');
    const isJoining = names.has('remote_addresses');
    const index = names.has('prev_index') ? this.integer('prev_index') : 0n;
    if (!isJoining && !names.has('prev_servers'))
      throw damaged(this.at, 'the header does not list the members of the cluster');
    if (!isJoining && index > 0n !== names.has('prev_data'))
      throw damaged(this.at, 'the header has only one of "prev_index" and "prev_data"');
    return {
      name,
      isJoining,
      index,
      term: index > 0n ? this.integer('prev_term') : 0n,
      members: this.count('prev_servers'),
    };
  }

  /** @throws AppError INTEGRITY_FAILED for what is no record that ovsdb-server writes */
  record(): RaftRecord {
    const { fields, names } = this;
    const note = fields.get('note');
    if (typeof note === 'string') {
      this.only(NOTE_MEMBERS, 'a note');
      return { kind: 'NOTE', note };
    }
    if (names.has('commit_index')) {
      this.only(COMMIT_MEMBERS, 'a commit index');
      return { kind: 'COMMIT', index: this.integer('commit_index') };
    }
    const term = this.integer('term');
    if (names.has('index')) {
      this.only(ENTRY_MEMBERS, 'an entry');
      return {
        kind: 'ENTRY',
        index: this.integer('index'),
        term,
        members: this.count('servers'),
        hasData: names.has('data'),
      };
    }
    this.only(OTHER_MEMBERS, 'a term, a vote or a leader');
    return { kind: 'OTHER' };
  }

  /** An integer of 64 bits without a sign; JSON of OVSDB has only those with one. */
  private integer(name: string): bigint {
    const value = this.fields.get(name);
    if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isSafeInteger(value)))
      throw damaged(this.at, `the record there has no integer "${name}"`);
    return BigInt.asUintN(64, BigInt(value));
  }

  private count(name: string): number | undefined {
    if (!this.names.has(name)) return undefined;
    const servers = this.fields.get(name);
    if (!isObject(servers) || Object.keys(servers).length === 0)
      throw damaged(this.at, `"${name}" of the record there lists no members of the cluster`);
    return Object.keys(servers).length;
  }

  /** What is not understood may change what the rest means. */
  private only(known: ReadonlySet<string>, what: string): void {
    for (const name of this.names)
      if (!known.has(name))
        throw damaged(this.at, `"${name.slice(0, MEMBER_NAME_CHARACTERS)}" is no member of ${what}`);
  }
}
