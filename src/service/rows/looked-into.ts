/** A configuration that somebody looks into: its rows in order, those that a text finds, and what refers to what. */
import { Labels } from '../../engine/describe/label.js';
import { type RowReference, referredBy, referrersOf } from '../../engine/describe/row-reference.js';
import { findRows, type Hit } from '../../engine/search/search.js';
import { RANK, Wanted } from '../../engine/search/wanted.js';
import { Breath } from '../../lib/breath.js';
import { AppError } from '../../lib/error.js';
import { checkFirst, type Page, pageAt, readCursor, writeCursor } from '../../lib/page.js';
import { nearestNames } from '../../lib/text/nearest.js';
import type { Row } from '../../model/row/row.js';
import type { Snapshot, TableRows } from '../../model/snapshot/snapshot.js';
import type { TableSchema } from '../../ovsdb/database-schema.js';
import { sortedInSlices } from './sorted.js';

export interface RowPageRequest {
  /** 1 to 500. */
  readonly first: number;
  readonly after?: string | undefined;
  /** So many rows are left out first. */
  readonly offset?: number | undefined;
}

export type RowPage = Page<ConfigurationRow>;

/** Rows in order, by their tables and their numbers there. */
interface RowList {
  readonly tables: readonly TableRows[];
  /** Of each row the place of its table in `tables`. */
  readonly tableOf: Uint16Array;
  readonly indexOf: Uint32Array;
}

/** Lists that are kept for the next page: of a text that was searched for, or of a table. */
const LISTS_MAX = 8;
const TABLE_CHARACTERS_MAX = 100;
const CURSOR = /^row:(\d{1,9}):([0-9a-f-]{36})$/;
/** What a row takes in memory beside its text. */
const ROW_BYTES = 160;
/** What a configuration without rows takes. */
const EMPTY_BYTES = 64 << 10;

/** A row, as it is looked at. */
export class ConfigurationRow {
  readonly table: string;

  constructor(
    private readonly schema: TableSchema,
    readonly uuid: string,
    readonly label: string,
    /** Plain notation (model/row); a column at its default is left out. */
    readonly columns: Row,
    private readonly place: { readonly snapshot: Snapshot; readonly labels: Labels },
  ) {
    this.table = schema.name;
  }

  /** @throws the reason of the signal when it aborts before the end */
  referredToBy(signal: AbortSignal | undefined): Promise<readonly RowReference[]> {
    return referrersOf(this, { ...this.place, breath: new Breath(), signal });
  }

  refersTo(): readonly RowReference[] {
    return referredBy(this.schema, this.columns, this.place);
  }
}

export class LookedInto {
  private readonly lists = new Map<string, RowList>();

  private constructor(
    private readonly snapshot: Snapshot,
    private readonly labels: Labels,
    /** What it takes in memory, about. */
    readonly bytes: number,
  ) {}

  static async of(snapshot: Snapshot): Promise<LookedInto> {
    const breath = new Breath();
    let bytes = EMPTY_BYTES;
    for (const rows of snapshot.tables.values())
      for (let i = 0; i < rows.count; i++) {
        bytes += rows.text(i).length + ROW_BYTES;
        if (breath.due()) await breath.rest();
      }
    return new LookedInto(snapshot, await Labels.read([snapshot], breath), bytes);
  }

  /**
   * One page of a table's rows by their labels, or of those that a text finds.
   * @throws AppError BAD_USER_INPUT for a table that is none, and for a page that cannot be
   */
  async rows(
    table: string,
    search: string | undefined,
    request: RowPageRequest,
    signal: AbortSignal,
  ): Promise<RowPage> {
    const rows = this.table(table);
    const list = await this.list(`rows ${table} ${search ?? ''}`, async () =>
      this.sorted(
        search === undefined ? everyRow(rows) : await this.found([rows], search, signal),
        ({ label }) => label,
        signal,
      ),
    );
    return this.page(list, request);
  }

  /**
   * One page of what a text finds in all tables, the best first.
   * @throws AppError BAD_USER_INPUT for a page that cannot be
   */
  async search(text: string, request: RowPageRequest, signal: AbortSignal): Promise<RowPage> {
    const list = await this.list(`search ${text}`, async () =>
      this.sorted(
        await this.found(this.snapshot.tables.values(), text, signal),
        ({ hit: { rank }, label }) => `${rank} ${label}`,
        signal,
      ),
    );
    return this.page(list, request);
  }

  /** Undefined where it is not there. @throws AppError BAD_USER_INPUT for a table that is none */
  row(table: string, uuid: string): ConfigurationRow | undefined {
    const rows = this.table(table);
    const index = rows.find(uuid.toLowerCase());
    return index === undefined ? undefined : this.rowAt(rows, index);
  }

  private table(name: string): TableRows {
    const rows = this.snapshot.tables.get(name);
    if (rows !== undefined) return rows;
    const names = [...this.snapshot.tables.keys()];
    const shown = name.slice(0, TABLE_CHARACTERS_MAX);
    const near = nearestNames(shown, names);
    const meant = near.length === 0 ? '' : `; did you mean ${near.map((each) => `"${each}"`).join(' or ')}?`;
    throw new AppError(
      'BAD_USER_INPUT',
      `table: the configuration has no table "${shown}"${meant === '' ? '. ' : `${meant} `}` +
        `There are ${names.join(', ')}`,
    );
  }

  private found(tables: Iterable<TableRows>, text: string, signal: AbortSignal): Promise<readonly Hit[]> {
    return findRows(this.snapshot, tables, new Wanted(text), { breath: new Breath(), signal });
  }

  /** A list that was made for an earlier page, or a new one. */
  private async list(name: string, make: () => Promise<RowList>): Promise<RowList> {
    const known = this.lists.get(name) ?? (await make());
    this.lists.delete(name);
    this.lists.set(name, known);
    const [oldest] = this.lists.keys();
    if (this.lists.size > LISTS_MAX && oldest !== undefined) this.lists.delete(oldest);
    return known;
  }

  /** Rows whose texts are the same are in the order of their UUIDs. */
  private async sorted(
    hits: readonly Hit[],
    textOf: (labelled: { readonly hit: Hit; readonly label: string }) => string,
    signal: AbortSignal,
  ): Promise<RowList> {
    const breath = new Breath();
    const keyed: { readonly hit: Hit; readonly text: string; readonly uuid: string }[] = [];
    for (const hit of hits) {
      const { rows, index } = hit;
      const uuid = rows.uuid(index);
      keyed.push({ hit, uuid, text: textOf({ hit, label: this.labelOf(rows, index) }) });
      if (breath.due()) {
        await breath.rest();
        signal.throwIfAborted();
      }
    }
    const order = await sortedInSlices(
      keyed,
      (a, b) => compare(a.text, b.text) || compare(a.uuid, b.uuid),
      breath,
      signal,
    );
    const tables = [...new Set(hits.map(({ rows }) => rows))];
    const numbers = new Map(tables.map((rows, number) => [rows, number]));
    return {
      tables,
      tableOf: Uint16Array.from(order, ({ hit }) => numbers.get(hit.rows) ?? 0),
      indexOf: Uint32Array.from(order, ({ hit }) => hit.index),
    };
  }

  private page(list: RowList, { first, after, offset = 0 }: RowPageRequest): RowPage {
    checkFirst(first);
    const totalCount = list.indexOf.length;
    const skipped = Math.min(totalCount, positionAfter(list, after) + offset);
    const nodes: ConfigurationRow[] = [];
    for (let i = skipped; i < Math.min(totalCount, skipped + first); i++) {
      const { rows, index } = placeIn(list, i);
      nodes.push(this.rowAt(rows, index));
    }
    const cursorAt = (index: number): string => writeCursor(`row:${skipped + index + 1}:${nodes[index]?.uuid ?? ''}`);
    return pageAt(nodes, { skipped, totalCount, cursorAt });
  }

  private rowAt(rows: TableRows, index: number): ConfigurationRow {
    const { snapshot, labels } = this;
    const uuid = rows.uuid(index);
    return new ConfigurationRow(this.schemaOf(rows), uuid, this.labelOf(rows, index), rows.row(index), {
      snapshot,
      labels,
    });
  }

  private labelOf(rows: TableRows, index: number): string {
    return this.labels.ofText(this.schemaOf(rows), rows.text(index), rows.uuid(index));
  }

  private schemaOf({ table }: TableRows): TableSchema {
    const schema = this.snapshot.schema.tables.get(table);
    if (schema === undefined) throw new Error(`Bug: table ${table} has rows and no schema`);
    return schema;
  }
}

function everyRow(rows: TableRows): readonly Hit[] {
  return Array.from({ length: rows.count }, (_, index) => ({ rows, index, rank: RANK.NAME }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function placeIn({ tables, tableOf, indexOf }: RowList, at: number): Pick<Hit, 'rows' | 'index'> {
  return { rows: tables[tableOf[at] ?? 0] as TableRows, index: indexOf[at] ?? 0 };
}

/**
 * A live database may have changed since the page before: then its last row decides where the next one begins. Where
 * that row is gone, others have moved up into its place.
 */
function positionAfter(list: RowList, after: string | undefined): number {
  if (after === undefined) return 0;
  const [, position = '', uuid = ''] = CURSOR.exec(readCursor(after)) ?? [];
  if (uuid === '')
    throw new AppError('BAD_USER_INPUT', 'after takes the end cursor of an earlier page of the same list');
  const isAt = (at: number): boolean => {
    const { rows, index } = placeIn(list, at);
    return rows.uuid(index) === uuid;
  };
  const before = Number(position) - 1;
  if (before >= 0 && before < list.indexOf.length && isAt(before)) return Number(position);
  for (let i = 0; i < list.indexOf.length; i++) if (isAt(i)) return i + 1;
  return Math.max(0, before);
}
