/**
 * Which live row is which row of the backup. The document's sentence: "In this order: the resource mapping; the same
 * UUID in the same table; the schema's index; for tables that the schema leaves without one, the natural key, which for
 * a row of a non-root table is taken within its (matched) parent." Where it does not say for sure (equal keys), the
 * oracle is unsure, and its laws leave these rows out. Pure.
 */
import {
  byUuid,
  type Content,
  isSame,
  membersIn,
  nameOf,
  ownersIn,
  type Place,
  placesOf,
  type Row,
} from './content.js';
import { configured, NATURAL_KEYS } from './northbound.js';
import type { Schema, Table } from './schema.js';

/** Tables whose natural key has more columns than the oracle looks at: rows that differ in others may be two. */
const LONGER_KEYS: ReadonlySet<string> = new Set([
  ...['Load_Balancer', 'DHCP_Options', 'DNS', 'Logical_Router_Static_Route', 'NAT', 'Logical_Router_Policy', 'ACL'],
]);

export class Identity {
  /** UUID in the backup -> UUID of the live row. */
  readonly live = new Map<string, string>();
  /** The other way round. */
  readonly held = new Map<string, string>();
  /** Rows of the backup of which the document does not say which live row they are. */
  readonly unsure = new Set<string>();
  /** Live rows that may be one of these. */
  readonly unsureLive = new Set<string>();

  match(backup: string, live: string): void {
    this.live.set(backup, live);
    this.held.set(live, backup);
  }

  /** What a row of the backup is called in the database: by its live UUID, or its own. */
  translate(uuid: string): string {
    return this.live.get(uuid) ?? uuid;
  }

  /** Whether the backup surely holds this live row. */
  isHeld(live: string): boolean {
    return this.held.has(live);
  }

  /** Whether the backup surely does not hold it. */
  isLiveOnly(live: string): boolean {
    return !this.held.has(live) && !this.unsureLive.has(live);
  }

  /** Whether a row of the backup is surely not live. */
  isMissing(backup: string): boolean {
    return !this.live.has(backup) && !this.unsure.has(backup);
  }
}

/** @param mapping UUID in the backup -> UUID of the live row */
export function identify(
  schema: Schema,
  backup: Content,
  live: Content,
  mapping: ReadonlyMap<string, string>,
): Identity {
  const identity = new Identity();
  for (const [from, to] of mapping) identity.match(from, to);
  for (const [name, rows] of backup)
    for (const uuid of rows.keys())
      if (!identity.live.has(uuid) && !identity.held.has(uuid) && live.get(name)?.has(uuid) === true)
        identity.match(uuid, uuid);
  for (const table of schema.tables.values()) if (table.indexes.length > 0) byIndex(table, backup, live, identity);
  new NaturalKeys(schema, backup, live, identity).match();
  return identity;
}

function keyOf(row: Row, columns: readonly string[]): string {
  return JSON.stringify(columns.map((column) => membersIn(row, column)));
}

function byIndex(table: Table, backup: Content, live: Content, identity: Identity): void {
  const free = (): [string, Row][] => [...(live.get(table.name) ?? [])].filter(([uuid]) => !identity.held.has(uuid));
  for (const [uuid, row] of backup.get(table.name) ?? []) {
    if (identity.live.has(uuid)) continue;
    const found = new Set(
      table.indexes.flatMap((index) =>
        free().flatMap(([other, theirs]) => (keyOf(theirs, index) === keyOf(row, index) ? [other] : [])),
      ),
    );
    const [only, ...more] = found;
    if (only !== undefined && more.length === 0) identity.match(uuid, only);
    else if (found.size > 1) {
      identity.unsure.add(uuid);
      for (const other of found) identity.unsureLive.add(other);
    }
  }
}

class NaturalKeys {
  private readonly backupOwners;
  private readonly liveOwners;
  private readonly backupRows;

  constructor(
    private readonly schema: Schema,
    private readonly backup: Content,
    private readonly live: Content,
    private readonly identity: Identity,
  ) {
    this.backupOwners = ownersIn(schema, backup);
    this.liveOwners = ownersIn(schema, live);
    this.backupRows = byUuid(schema, backup);
  }

  match(): void {
    const done = new Set<string>();
    const visit = (table: Table): void => {
      if (done.has(table.name)) return;
      done.add(table.name);
      for (const { table: owner } of this.schema.owners.get(table.name) ?? []) visit(owner);
      if (table.indexes.length === 0) this.matchTable(table);
    };
    for (const table of this.schema.tables.values()) visit(table);
    this.doubtChildrenWithIndex();
  }

  /** Rows in one place with one key: "parent column key" -> those of each side that nothing has matched yet. */
  private matchTable(table: Table): void {
    const groups = new Map<string, { backup: Place[]; live: Place[]; matched: number }>();
    const group = (key: string): { backup: Place[]; live: Place[]; matched: number } => {
      const found = groups.get(key) ?? { backup: [], live: [], matched: 0 };
      groups.set(key, found);
      return found;
    };
    for (const [uuid, row] of this.backup.get(table.name) ?? []) {
      const places = this.placesInBackup(table, uuid);
      if (places === 'unsure') {
        if (!this.identity.live.has(uuid)) this.identity.unsure.add(uuid);
        continue;
      }
      for (const place of places) {
        const found = group(`${place} ${this.key(table, row)}`);
        if (this.identity.live.has(uuid)) found.matched++;
        else found.backup.push({ table, uuid, row });
      }
    }
    for (const [uuid, row] of this.live.get(table.name) ?? [])
      for (const place of this.placesLive(table, uuid)) {
        const found = group(`${place} ${this.key(table, row)}`);
        if (this.identity.held.has(uuid)) found.matched++;
        else found.live.push({ table, uuid, row });
      }
    for (const found of groups.values()) this.matchGroup(table, found);
  }

  private matchGroup(
    table: Table,
    { backup, live, matched }: { readonly backup: Place[]; readonly live: Place[]; readonly matched: number },
  ): void {
    const [one, ...more] = backup;
    const [other, ...others] = live;
    if (one === undefined || other === undefined) return;
    const isClear = more.length === 0 && others.length === 0 && matched === 0 && this.isNamed(table, one.row);
    if (isClear && (!LONGER_KEYS.has(table.name) || isEqual(table, one.row, other.row))) {
      this.identity.match(one.uuid, other.uuid);
      return;
    }
    for (const { uuid } of backup) this.identity.unsure.add(uuid);
    for (const { uuid } of live) this.identity.unsureLive.add(uuid);
  }

  private isNamed({ name, columns }: Table, row: Row): boolean {
    return NATURAL_KEYS[name]?.[0] !== 'name' || !columns.has('name') || nameOf(row) !== '';
  }

  private key({ name, maxRows }: Table, row: Row): string {
    return maxRows === 1 ? '' : keyOf(row, NATURAL_KEYS[name] ?? []);
  }

  /** Where a row of the backup is, in the words of the database. */
  private placesInBackup(table: Table, uuid: string): readonly string[] | 'unsure' {
    if (table.isRoot) return [''];
    const owners = this.backupOwners.get(uuid) ?? [];
    if (owners.length !== 1 || owners.some(({ owner }) => this.identity.unsure.has(owner.uuid))) return 'unsure';
    return owners.flatMap(({ owner, column }) => {
      const live = this.identity.live.get(owner.uuid);
      return live === undefined ? [] : [`${live} ${column}`];
    });
  }

  private placesLive(table: Table, uuid: string): readonly string[] {
    if (table.isRoot) return [''];
    return (this.liveOwners.get(uuid) ?? []).map(({ owner, column }) => `${owner.uuid} ${column}`);
  }

  /** What is owned by a row that is unsure is live somewhere, or not at all. */
  private doubtChildrenWithIndex(): void {
    for (const { uuid } of placesOf(this.schema, this.live)) {
      const isDoubtful = (this.liveOwners.get(uuid) ?? []).some(({ owner }) =>
        this.identity.unsureLive.has(owner.uuid),
      );
      if (isDoubtful && !this.identity.held.has(uuid)) this.identity.unsureLive.add(uuid);
    }
    for (const uuid of this.backupRows.keys()) {
      const owners = this.backupOwners.get(uuid) ?? [];
      if (!this.identity.live.has(uuid) && owners.some(({ owner }) => this.identity.unsure.has(owner.uuid)))
        this.identity.unsure.add(uuid);
    }
  }
}

function isEqual({ name, columns }: Table, one: Row, other: Row): boolean {
  return [...columns.values()].every(
    (column) =>
      column.refersTo !== undefined || isSame(configured(name, column.name, one), configured(name, column.name, other)),
  );
}
