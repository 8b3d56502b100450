/**
 * Somebody who writes to a small network (small-network.ts) while it is being restored, one commit after the other, and
 * who can tell of each whether it is still in the database.
 */
import type { Row } from '../../../src/model/row/row.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import type { PlainClient } from '../clients/plain-client.js';
import type { ExactJson } from '../judge/exact-json.js';
import { NORTHBOUND } from '../judge/judge.js';
import type { Rng } from '../northbound/lib/rng.mjs';
import { ACL_COUNT, aclRow, SWITCH_NAMES } from './small-network.js';

/** What a commit did to one row. */
export interface Commit {
  readonly what: string;
  readonly table: string;
  readonly uuid: string;
  /** Of a set: the column, and who came or went. */
  readonly column?: string;
  readonly member?: string;
  readonly isIn: (database: Snapshot) => boolean;
}

type Written = Commit & { readonly operations: readonly ExactJson[] };

const WITH_KEYS = ['Logical_Switch', 'Logical_Switch_Port', 'Load_Balancer', 'Port_Group', 'ACL'] as const;

export class LateWriter {
  readonly commits: Commit[] = [];
  private numbers = 0;
  private readonly ways = [
    () => this.key(),
    () => this.key(),
    () => this.newPort(),
    () => this.newPort(),
    () => this.join('Port_Group', 'ports', 'Logical_Switch_Port'),
    () => this.join('Logical_Switch', 'load_balancer', 'Load_Balancer'),
    () => this.leave('Port_Group', 'ports'),
    () => this.leave('Logical_Switch', 'load_balancer'),
    () => this.move(),
    () => this.rename(),
    () => this.newSwitch(),
    () => this.newAcl(),
    () => this.delete(),
  ];

  /** @param known as it was when the restore was planned: rows that came since are the restore's */
  constructor(
    private readonly client: PlainClient,
    private readonly random: Rng,
    private readonly known: Snapshot,
  ) {}

  /** Commits something that can be done to the database as it is. */
  async write(now: Snapshot): Promise<void> {
    this.now = now;
    const written = this.random.pick(this.ways)?.();
    if (written === undefined) return;
    const { operations, ...commit } = written;
    await this.client.transact(NORTHBOUND, operations);
    // whoever undoes himself has nothing to lose
    const isUndone = this.commits.filter((other) => other.table === commit.table && other.uuid === commit.uuid);
    if (commit.what === 'delete') for (const other of isUndone) this.commits.splice(this.commits.indexOf(other), 1);
    this.commits.push(commit);
  }

  /** Commits of which nothing is left. */
  lost(database: Snapshot): readonly Commit[] {
    return this.commits.filter((commit, i) => {
      const isOverwritten = this.commits.slice(i + 1).some((later) => isAbout(later, commit));
      return !isOverwritten && !commit.isIn(database);
    });
  }

  private now: Snapshot | undefined;

  /** A row that the restore found there and that is there still. */
  private row(table: string): string | undefined {
    const rows = this.known.tables.get(table);
    const uuids = Array.from({ length: rows?.count ?? 0 }, (_, i) => rows?.uuid(i) ?? '');
    return this.random.pick(uuids.filter((uuid) => rowIn(this.now, table, uuid) !== undefined));
  }

  private key(): Written | undefined {
    const table = this.random.pick(WITH_KEYS) as string;
    const uuid = this.row(table);
    const key = `late-${String(++this.numbers)}`;
    return uuid === undefined
      ? undefined
      : {
          what: `key ${key}`,
          table,
          uuid,
          operations: [mutate(table, uuid, ['external_ids', 'insert', ['map', [[key, 'x']]]])],
          isIn: (database) => keysOf(rowIn(database, table, uuid))[key] === 'x',
        };
  }

  private newPort(): Written | undefined {
    const uuid = this.row('Logical_Switch');
    const member = `99999999-0000-4000-8000-${String(++this.numbers).padStart(12, '0')}`;
    if (uuid === undefined) return undefined;
    const port = { name: `late-port-${String(this.numbers)}` };
    return {
      ...this.membership('new port', 'Logical_Switch', uuid, 'ports', member),
      operations: [
        { op: 'insert', table: 'Logical_Switch_Port', uuid: member, row: port },
        mutate('Logical_Switch', uuid, ['ports', 'insert', ['uuid', member]]),
      ],
    };
  }

  private join(table: string, column: string, of: string): Written | undefined {
    const [uuid, member] = [this.row(table), this.row(of)];
    if (uuid === undefined || member === undefined) return undefined;
    if (membersOf(rowIn(this.now, table, uuid), column).includes(member)) return undefined;
    return {
      ...this.membership('join', table, uuid, column, member),
      operations: [mutate(table, uuid, [column, 'insert', ['uuid', member]])],
    };
  }

  private leave(table: string, column: string): Written | undefined {
    const uuid = this.row(table);
    const member = uuid === undefined ? undefined : this.random.pick(membersOf(rowIn(this.now, table, uuid), column));
    if (uuid === undefined || member === undefined) return undefined;
    return {
      ...this.membership('leave', table, uuid, column, member),
      isIn: (database) => !membersOf(rowIn(database, table, uuid), column).includes(member),
      operations: [mutate(table, uuid, [column, 'delete', ['uuid', member]])],
    };
  }

  private move(): Written | undefined {
    const [from, uuid] = [this.row('Logical_Switch'), this.row('Logical_Switch')];
    if (from === undefined || uuid === undefined || from === uuid) return undefined;
    const member = this.random.pick(membersOf(rowIn(this.now, 'Logical_Switch', from), 'ports'));
    if (member === undefined) return undefined;
    return {
      ...this.membership('move', 'Logical_Switch', uuid, 'ports', member),
      operations: [
        mutate('Logical_Switch', from, ['ports', 'delete', ['uuid', member]]),
        mutate('Logical_Switch', uuid, ['ports', 'insert', ['uuid', member]]),
      ],
    };
  }

  private membership(what: string, table: string, uuid: string, column: string, member: string): Commit {
    return {
      what,
      table,
      uuid,
      column,
      member,
      isIn: (database) => membersOf(rowIn(database, table, uuid), column).includes(member),
    };
  }

  private rename(): Written | undefined {
    const uuid = this.row('Logical_Switch');
    const name = `late-name-${String(++this.numbers)}`;
    if (uuid === undefined) return undefined;
    return {
      what: 'rename',
      table: 'Logical_Switch',
      uuid,
      operations: [{ op: 'update', table: 'Logical_Switch', where: where(uuid), row: { name } }],
      isIn: (database) => rowIn(database, 'Logical_Switch', uuid)?.['name'] === name,
    };
  }

  /** Of a name that nobody has: then two have it, if the restore brings it as well. */
  private newSwitch(): Written | undefined {
    const name = this.random.pick(SWITCH_NAMES.filter((other) => switchesNamed(this.now, other).length === 0));
    const uuid = `88888888-0000-4000-8000-${String(++this.numbers).padStart(12, '0')}`;
    if (name === undefined) return undefined;
    return {
      what: 'new switch',
      table: 'Logical_Switch',
      uuid,
      operations: [{ op: 'insert', table: 'Logical_Switch', uuid, row: { name } }],
      isIn: (database) => switchesNamed(database, name).join() === uuid,
    };
  }

  private newAcl(): Written | undefined {
    const uuid = this.row('Logical_Switch');
    const number = this.random.int(ACL_COUNT);
    const { match } = aclRow(number);
    if (uuid === undefined || aclsOf(this.now, uuid, match as string).length > 0) return undefined;
    const member = `77777777-0000-4000-8000-${String(++this.numbers).padStart(12, '0')}`;
    return {
      what: 'new ACL',
      table: 'Logical_Switch',
      uuid,
      column: 'acls',
      member,
      operations: [
        { op: 'insert', table: 'ACL', uuid: member, row: aclRow(number) as ExactJson },
        mutate('Logical_Switch', uuid, ['acls', 'insert', ['uuid', member]]),
      ],
      isIn: (database) => aclsOf(database, uuid, match as string).join() === member,
    };
  }

  private delete(): Written | undefined {
    const table = this.random.pick(['Logical_Switch', 'Port_Group', 'Load_Balancer']) as string;
    const uuid = this.row(table);
    if (uuid === undefined) return undefined;
    return {
      what: 'delete',
      table,
      uuid,
      operations: [{ op: 'delete', table, where: where(uuid) }],
      isIn: (database) => rowIn(database, table, uuid) === undefined,
    };
  }
}

/** Whether the later commit decides about what the earlier one did. */
function isAbout(later: Commit, earlier: Commit): boolean {
  if (later.what === 'delete' && [earlier.uuid, earlier.member].includes(later.uuid)) return true;
  // a switch that goes takes its ports and ACLs along
  if (later.what === 'delete' && later.table === 'Logical_Switch') return earlier.table !== 'Load_Balancer';
  if (later.what === 'move' && earlier.member === later.member) return true;
  if (later.what === 'rename') return earlier.what === 'rename' && earlier.uuid === later.uuid;
  return later.uuid === earlier.uuid && later.column !== undefined && later.member === earlier.member;
}

const where = (uuid: string): ExactJson => [['_uuid', '==', ['uuid', uuid]]];
const mutate = (table: string, uuid: string, mutation: ExactJson): ExactJson => ({
  op: 'mutate',
  table,
  where: where(uuid),
  mutations: [mutation],
});

function rowIn(database: Snapshot | undefined, table: string, uuid: string): Row | undefined {
  const rows = database?.tables.get(table);
  const index = rows?.find(uuid);
  return index === undefined ? undefined : rows?.row(index);
}

const membersOf = (row: Row | undefined, column: string): readonly string[] =>
  (row?.[column] ?? []) as readonly string[];
const keysOf = (row: Row | undefined): Readonly<Record<string, string>> =>
  (row?.['external_ids'] ?? {}) as Readonly<Record<string, string>>;

function switchesNamed(database: Snapshot | undefined, name: string): readonly string[] {
  const rows = database?.tables.get('Logical_Switch');
  return Array.from({ length: rows?.count ?? 0 }, (_, i) => i)
    .filter((i) => rows?.row(i)['name'] === name)
    .map((i) => rows?.uuid(i) ?? '');
}

function aclsOf(database: Snapshot | undefined, uuid: string, match: string): readonly string[] {
  return membersOf(rowIn(database, 'Logical_Switch', uuid), 'acls').filter(
    (acl) => rowIn(database, 'ACL', acl)?.['match'] === match,
  );
}
