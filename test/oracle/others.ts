/**
 * What others do to the database between a backup and a restore, or between a restore and its undo: rows come, change,
 * go, get other names, move, change names among each other, are made anew with other UUIDs.
 */
import type { PlainClient } from '../support/clients/plain-client.js';
import type { ExactJson } from '../support/judge/exact-json.js';
import { NORTHBOUND } from '../support/judge/judge.js';
import {
  type Content,
  called,
  columnOf,
  insertion,
  membersIn,
  nameOf,
  ownersIn,
  type Place,
  placesOf,
  type Row,
  readContent,
  referrersIn,
  wireOf,
} from './content.js';
import type { Dice } from './dice.js';
import { FIXED_TABLES, type NetworkMaker, ownedTables } from './network.js';
import { isRuntime } from './northbound.js';
import { type Column, referenceColumns, type Schema, tableOf } from './schema.js';

/** Operations and what they do, in words. */
interface Deed {
  readonly what: string;
  readonly operations: readonly ExactJson[];
}

const VERBS = [
  'insertRoot',
  'insertChild',
  'insertChild',
  'plain',
  'plain',
  'plain',
  'rename',
  'remove',
  'remove',
  'remove',
  'move',
  'moveToNew',
  'takeName',
  'retake',
  'swapNames',
  'makeAnew',
  'makeAnew',
  'leave',
  'leave',
  'join',
  'runtime',
] as const;

const AIMED_SHARE = 0.7;

export class Others {
  /** What was done, in order. */
  readonly deeds: string[] = [];
  /** Rows that are chosen rather than others, such as those that a restore has changed. */
  aim: ReadonlySet<string> = new Set();
  /** Names that rows had once, by table: others may take them. */
  lostNames: readonly { readonly table: string; readonly name: string }[] = [];
  private content: Content = new Map();

  constructor(
    private readonly client: PlainClient,
    private readonly schema: Schema,
    private readonly maker: NetworkMaker,
    private readonly dice: Dice,
  ) {}

  /** Does so many random things; what the server refuses (a strong reference would dangle) is not done. */
  async change(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.content = await readContent(this.client, this.schema);
      const verb = this.dice.pick(VERBS);
      const deed = this[verb]();
      if (deed === undefined) continue;
      const isDone = await this.client.transact(NORTHBOUND, deed.operations).then(
        () => true,
        (error: unknown) => {
          if (/violation|duplicate|syntax/i.test(String(error))) return false;
          throw error;
        },
      );
      if (isDone) this.deeds.push(`${verb}: ${deed.what}`);
    }
  }

  private choose(list: readonly Place[]): Place | undefined {
    const aimed = list.filter(({ uuid }) => this.aim.has(uuid));
    return this.dice.maybe(aimed.length > 0 && this.dice.chance(AIMED_SHARE) ? aimed : list);
  }

  private places(): readonly Place[] {
    return [...placesOf(this.schema, this.content)].filter(({ table }) => !FIXED_TABLES.has(table.name));
  }

  private update({ table, uuid }: Place, column: Column, members: readonly string[]): ExactJson {
    return {
      op: 'update',
      table: table.name,
      where: [['_uuid', '==', ['uuid', uuid]]],
      row: { [column.name]: wireOf(column, members) },
    };
  }

  private deletion({ table, uuid }: Place): ExactJson {
    return { op: 'delete', table: table.name, where: [['_uuid', '==', ['uuid', uuid]]] };
  }

  private insertRoot(): Deed | undefined {
    const tables = [...this.schema.tables.values()].filter(({ isRoot, name }) => isRoot && !FIXED_TABLES.has(name));
    const place = this.maker.row(this.dice.pick(tables), this.content);
    const owned = this.dice.some(ownedTables(this.schema, place.table.name), 0, 2);
    const row = new Map(place.row);
    const children = owned.map(({ child, column }) => {
      const made = this.maker.row(child, this.content);
      row.set(column.name, [...membersIn(row, column.name), made.uuid].sort());
      return made;
    });
    const root = { ...place, row };
    const what = [root, ...children].map(called).join(' with ');
    return { what, operations: [insertion(root), ...children.map(insertion)] };
  }

  private insertChild(): Deed | undefined {
    const spots = this.places().flatMap((owner) =>
      ownedTables(this.schema, owner.table.name)
        .filter(({ column }) => membersIn(owner.row, column.name).length < column.max)
        .map(({ child, column }) => ({ owner, child, column })),
    );
    const aimed = spots.filter(({ owner }) => this.aim.has(owner.uuid));
    const spot = this.dice.maybe(aimed) ?? this.dice.maybe(spots);
    if (spot === undefined) return undefined;
    const child = this.maker.row(spot.child, this.content);
    const members = [...membersIn(spot.owner.row, spot.column.name), child.uuid];
    const operations = [insertion(child), this.update(spot.owner, spot.column, members)];
    const groups = this.places().filter(({ table }) => table.name === 'Port_Group');
    if (child.table.name === 'Logical_Switch_Port')
      for (const group of this.dice.some(groups, 0, 1)) {
        const ports = columnOf(group.table, 'ports');
        operations.push(this.update(group, ports, [...membersIn(group.row, 'ports'), child.uuid]));
      }
    return { what: `${called(child)} in ${called(spot.owner)}`, operations };
  }

  private updateOf(isWanted: (place: Place, column: Column) => boolean): Deed | undefined {
    const spots = this.places().flatMap((place) =>
      [...place.table.columns.values()]
        .filter((column) => column.refersTo === undefined && !column.isEphemeral && isWanted(place, column))
        .map((column) => ({ place, column })),
    );
    const aimed = spots.filter(({ place }) => this.aim.has(place.uuid));
    const spot = this.dice.maybe(aimed.length > 0 && this.dice.chance(AIMED_SHARE) ? aimed : spots);
    if (spot === undefined) return undefined;
    const { place, column } = spot;
    const members = this.maker.value(place.table, column, this.content);
    return {
      what: `${column.name} of ${called(place)}: ${members.join(' ')}`,
      operations: [this.update(place, column, members)],
    };
  }

  private get isKey(): (place: Place, column: Column) => boolean {
    return ({ table }, { name }) => name === 'name' || table.indexes.flat().includes(name);
  }

  private plain(): Deed | undefined {
    return this.updateOf(
      (place, column) => !this.isKey(place, column) && !isRuntime(place.table.name, column.name, place.row),
    );
  }

  private runtime(): Deed | undefined {
    return this.updateOf(({ table, row }, { name }) => isRuntime(table.name, name, row));
  }

  private rename(): Deed | undefined {
    const place = this.choose(this.named());
    if (place === undefined) return undefined;
    const name = this.maker.freshName(place.table.name);
    return { what: `${called(place)} to ${name}`, operations: [this.renaming(place, name)] };
  }

  private named(): readonly Place[] {
    return this.places().filter(({ row }) => nameOf(row) !== '');
  }

  private renaming(place: Place, name: string): ExactJson {
    return this.update(place, columnOf(place.table, 'name'), [JSON.stringify(name)]);
  }

  /** A row gets the name that another one had, which is renamed or goes. */
  private takeName(): Deed | undefined {
    const place = this.choose(this.named());
    if (place === undefined) return undefined;
    const other = this.dice.maybe(this.named().filter((one) => one.table === place.table && one !== place));
    const name = nameOf(place.row);
    const goes = this.dice.chance(0.5) && place.table.isRoot;
    const first = goes ? this.deletion(place) : this.renaming(place, this.maker.freshName(place.table.name));
    if (other !== undefined)
      return {
        what: `${called(other)} takes the name of ${called(place)}`,
        operations: [first, this.renaming(other, name)],
      };
    if (!place.table.isRoot) return undefined;
    const made = this.maker.row(place.table, this.content);
    const row: Row = new Map([...made.row, ['name', [JSON.stringify(name)]]]);
    return {
      what: `a new row takes the name of ${called(place)}`,
      operations: [first, insertion({ ...made, row })],
    };
  }

  /** A name that a row had once is another one's now. */
  private retake(): Deed | undefined {
    const lost = this.dice.maybe(this.lostNames);
    if (lost === undefined) return undefined;
    const table = tableOf(this.schema, lost.table);
    const other = this.dice.maybe(this.named().filter((one) => one.table === table));
    const what = `the name ${lost.name} is taken`;
    if (table.isRoot && (other === undefined || this.dice.chance(0.5))) {
      const made = this.maker.row(table, this.content);
      const row: Row = new Map([...made.row, ['name', [JSON.stringify(lost.name)]]]);
      return { what: `${what} by ${made.uuid}`, operations: [insertion({ ...made, row })] };
    }
    return other && { what: `${what} by ${called(other)}`, operations: [this.renaming(other, lost.name)] };
  }

  private swapNames(): Deed | undefined {
    const one = this.choose(this.named());
    const other = this.dice.maybe(this.named().filter((row) => row.table === one?.table && row !== one));
    if (one === undefined || other === undefined) return undefined;
    const operations = [this.renaming(one, nameOf(other.row)), this.renaming(other, nameOf(one.row))];
    return { what: `${called(one)} and ${called(other)}`, operations };
  }

  /** A root goes by itself; any other row by being taken from all that hold it. */
  private remove(): Deed | undefined {
    const place = this.choose(this.places());
    if (place === undefined) return undefined;
    const operations: ExactJson[] = [];
    for (const { from, column: name } of referrersIn(this.schema, this.content).get(place.uuid) ?? []) {
      const column = columnOf(from.table, name);
      if (column.refersTo?.isStrong !== true) continue;
      operations.push(
        this.update(
          from,
          column,
          membersIn(from.row, name).filter((member) => member !== place.uuid),
        ),
      );
    }
    return { what: called(place), operations: [...operations, this.deletion(place)] };
  }

  /** A row goes from its owner to another one. */
  private move(): Deed | undefined {
    const owners = ownersIn(this.schema, this.content);
    const child = this.choose(this.places().filter(({ uuid }) => owners.has(uuid)));
    const from = this.dice.maybe(owners.get(child?.uuid ?? '') ?? []);
    if (child === undefined || from === undefined) return undefined;
    const column = columnOf(from.owner.table, from.column);
    const to = this.dice.maybe(
      this.places().filter(
        ({ table, uuid, row }) =>
          table === from.owner.table && uuid !== from.owner.uuid && membersIn(row, column.name).length < column.max,
      ),
    );
    if (to === undefined) return undefined;
    const left = membersIn(from.owner.row, column.name).filter((member) => member !== child.uuid);
    return {
      what: `${called(child)} from ${called(from.owner)} to ${called(to)}`,
      operations: [
        this.update(from.owner, column, left),
        this.update(to, column, [...membersIn(to.row, column.name), child.uuid]),
      ],
    };
  }

  /** A row goes from its owner to a new one. */
  private moveToNew(): Deed | undefined {
    const owners = ownersIn(this.schema, this.content);
    const child = this.choose(
      this.places().filter(({ uuid }) => owners.get(uuid)?.some(({ owner }) => owner.table.isRoot) === true),
    );
    const from = this.dice.maybe(owners.get(child?.uuid ?? '') ?? []);
    if (child === undefined || from === undefined || !from.owner.table.isRoot) return undefined;
    const column = columnOf(from.owner.table, from.column);
    const made = this.maker.row(from.owner.table, this.content);
    const root: Place = { ...made, row: new Map([...made.row, [column.name, [child.uuid]]]) };
    const left = membersIn(from.owner.row, column.name).filter((member) => member !== child.uuid);
    return {
      what: `${called(child)} from ${called(from.owner)} to a new ${called(root)}`,
      operations: [insertion(root), this.update(from.owner, column, left)],
    };
  }

  /** The same row, and all that it owns, under other UUIDs; who referred to it refers to the new one. */
  private makeAnew(): Deed | undefined {
    const place = this.choose(this.places());
    if (place === undefined) return undefined;
    const anew = new Map<string, string>();
    const old: Place[] = [];
    const take = (row: Place): void => {
      if (anew.has(row.uuid)) return;
      anew.set(row.uuid, this.dice.uuid());
      old.push(row);
      for (const { child, column } of ownedTables(this.schema, row.table.name))
        for (const uuid of membersIn(row.row, column.name)) {
          const owned = this.content.get(child.name)?.get(uuid);
          if (owned !== undefined) take({ table: child, uuid, row: owned });
        }
    };
    take(place);
    const moved = (members: readonly string[]): string[] => members.map((member) => anew.get(member) ?? member).sort();
    const operations: ExactJson[] = old.map((row) => this.deletion(row));
    for (const { table, uuid, row } of old)
      operations.push(
        insertion({
          table,
          uuid: anew.get(uuid) ?? uuid,
          row: new Map(
            [...row].map(([name, members]) => [
              name,
              columnOf(table, name).refersTo === undefined ? members : moved(members),
            ]),
          ),
        }),
      );
    for (const from of placesOf(this.schema, this.content))
      for (const column of referenceColumns(from.table)) {
        const members = membersIn(from.row, column.name);
        if (!anew.has(from.uuid) && members.some((member) => anew.has(member)))
          operations.push(this.update(from, column, moved(members)));
      }
    return { what: old.map((row) => `${called(row)} as ${anew.get(row.uuid) ?? ''}`).join(', '), operations };
  }

  /** A reference that owns nothing is taken away. */
  private leave(): Deed | undefined {
    const spots = this.referring().filter(({ from, column }) => membersIn(from.row, column.name).length > column.min);
    const spot = this.dice.maybe(spots);
    if (spot === undefined) return undefined;
    const members = membersIn(spot.from.row, spot.column.name);
    const gone = this.dice.pick(members);
    return {
      what: `${spot.column.name} of ${called(spot.from)} lets go of ${gone}`,
      operations: [
        this.update(
          spot.from,
          spot.column,
          members.filter((member) => member !== gone),
        ),
      ],
    };
  }

  private join(): Deed | undefined {
    const spot = this.dice.maybe(this.referring());
    if (spot === undefined) return undefined;
    const { from, column } = spot;
    const targets = [...(this.content.get(column.refersTo?.table ?? '')?.keys() ?? [])];
    const target = this.dice.maybe(targets.filter((uuid) => this.aim.has(uuid))) ?? this.dice.maybe(targets);
    if (target === undefined || membersIn(from.row, column.name).includes(target)) return undefined;
    const members = column.max === 1 ? [target] : [...membersIn(from.row, column.name), target];
    return {
      what: `${column.name} of ${called(from)} refers to ${target}`,
      operations: [this.update(from, column, members)],
    };
  }

  /** Reference columns but those by which rows are owned. */
  private referring(): readonly { readonly from: Place; readonly column: Column }[] {
    return this.places().flatMap((from) => {
      const owning = new Set(ownedTables(this.schema, from.table.name).map(({ column }) => column.name));
      return referenceColumns(tableOf(this.schema, from.table.name))
        .filter(({ name }) => !owning.has(name) && !isRuntime(from.table.name, name, from.row))
        .map((column) => ({ from, column }));
    });
  }
}
