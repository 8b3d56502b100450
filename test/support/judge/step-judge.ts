/**
 * Follows a plan that is applied in steps: carries out the texts of the operations on a model of its own, and compares
 * the model with the database after every step: which rows are there, and what they refer to. Nothing that a server
 * drops goes unseen.
 */

import type { PlainClient } from '../clients/plain-client.js';
import { type ExactJson, isList, isObject, parseExact, printExact } from './exact-json.js';
import { NORTHBOUND } from './judge.js';

type Operation = Readonly<Record<string, ExactJson>>;
/** Column of references -> its atoms or pairs, printed. */
type ModelRow = Map<string, Set<string>>;

export class StepJudge {
  private readonly tables = new Map<string, Map<string, ModelRow>>();
  private readonly gone = new Set<string>();

  private constructor(
    private readonly client: PlainClient,
    private readonly database: string,
    private readonly columns: ReadonlyMap<string, readonly string[]>,
    /** "TABLE.COLUMN" */
    private readonly maps: ReadonlySet<string>,
  ) {}

  static async open(client: PlainClient, database = NORTHBOUND): Promise<StepJudge> {
    const schema = (await client.request('get_schema', [database])) as {
      readonly tables: Readonly<Record<string, { readonly columns: Operation }>>;
    };
    const judge = new StepJudge(
      client,
      database,
      new Map(
        Object.entries(schema.tables).map(([table, { columns }]) => [
          table,
          Object.keys(columns).filter((column) => printExact(columns[column] ?? null).includes('"refTable":')),
        ]),
      ),
      new Set(
        Object.entries(schema.tables).flatMap(([table, { columns }]) =>
          Object.keys(columns)
            .filter((column) => printExact(columns[column] ?? null).includes('"value":'))
            .map((column) => `${table}.${column}`),
        ),
      ),
    );
    for (const [table, rows] of await judge.read()) judge.tables.set(table, rows);
    return judge;
  }

  /**
   * Takes over what a step is about to do. Throws when a guard comes behind a change, or when an operation is not one
   * of those that may run twice. A guard may have keys of its row changed just before it.
   */
  take(operations: readonly string[]): void {
    const parsed = operations.map((text) => parseExact(text) as Operation);
    let changing = false;
    for (const [i, operation] of parsed.entries()) {
      const text = operations[i] ?? '';
      const [before, after] = [parsed[i - 1], parsed[i + 1]];
      if (operation['op'] === 'wait') {
        const isPrepared = before?.['op'] === 'mutate' && rowOf(before) === rowOf(operation);
        if (changing && !isPrepared) throw new Error(`a guard comes too late: ${text}`);
        continue;
      }
      const prepares = operation['op'] === 'mutate' && after?.['op'] === 'wait' && rowOf(operation) === rowOf(after);
      changing ||= !prepares;
      this.change(operation, text);
    }
  }

  /** Where the database is not what the operations should have made of it. */
  async differences(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const [table, rows] of await this.read()) {
      const expected = this.tables.get(table) ?? new Map<string, ModelRow>();
      for (const uuid of rows.keys()) if (!expected.has(uuid)) found.push(`${table} ${uuid} should not be there`);
      for (const [uuid, columns] of expected) {
        const row = rows.get(uuid);
        if (row === undefined) found.push(`${table} ${uuid} is not there`);
        for (const [column, atoms] of row ?? [])
          if (this.print(atoms) !== this.print(columns.get(column)))
            found.push(`${table} ${uuid}: ${column} is ${this.print(atoms)}, not ${this.print(columns.get(column))}`);
      }
    }
    return found.slice(0, 10);
  }

  private change(operation: Operation, text: string): void {
    const table = String(operation['table']);
    const rows = this.tables.get(table) ?? new Map<string, ModelRow>();
    this.tables.set(table, rows);
    if (operation['op'] === 'insert') {
      rows.set(String(operation['uuid']), this.columnsOf(table, operation['row'] as Operation));
      return;
    }
    const uuid = rowOf(operation);
    const row = rows.get(uuid ?? '');
    if (uuid === undefined || row === undefined) throw new Error(`an operation on no row that is there: ${text}`);
    if (operation['op'] === 'delete') {
      rows.delete(uuid);
      this.gone.add(printExact(['uuid', uuid]));
    } else if (operation['op'] === 'update') {
      for (const [column, atoms] of this.columnsOf(table, operation['row'] as Operation)) row.set(column, atoms);
    } else if (operation['op'] === 'mutate') {
      for (const [column, mutator, value] of operation['mutations'] as readonly [string, string, ExactJson][]) {
        const atoms = row.get(column) ?? new Set();
        row.set(column, atoms);
        const isMap = this.maps.has(`${table}.${column}`);
        for (const atom of atomsOf(value)) {
          const there = isMap
            ? [...atoms].find((pair) => keyOf(pair) === (mutator === 'insert' ? keyOf(atom) : atom))
            : atom;
          if (mutator === 'delete') atoms.delete(there ?? '');
          else if (there === undefined || !isMap) atoms.add(atom);
        }
      }
    } else {
      throw new Error(`an operation that may not run twice: ${text}`);
    }
  }

  /** Columns that an insert leaves out are empty. */
  private columnsOf(table: string, row: Operation): ModelRow {
    return new Map(
      (this.columns.get(table) ?? [])
        .filter((column) => row[column] !== undefined)
        .map((column) => [column, new Set(atomsOf(row[column] ?? null))]),
    );
  }

  /** A weak reference to a deleted row goes with it. */
  private print(atoms: ReadonlySet<string> = new Set()): string {
    return [...atoms]
      .filter((atom) => !this.gone.has(atom))
      .sort()
      .join(', ');
  }

  private async read(): Promise<ReadonlyMap<string, Map<string, ModelRow>>> {
    const tables = [...this.columns.keys()];
    const results = await this.client.transact(
      this.database,
      tables.map((table) => ({
        op: 'select',
        table,
        where: [],
        columns: ['_uuid', ...(this.columns.get(table) ?? [])],
      })),
    );
    return new Map(
      tables.map((table, i) => {
        const result = results[i];
        const rows = isObject(result) ? (result['rows'] as readonly Operation[]) : [];
        return [
          table,
          new Map(
            rows.map(({ _uuid, ...columns }) => [
              String((_uuid as readonly string[])[1]),
              this.columnsOf(table, columns),
            ]),
          ),
        ];
      }),
    );
  }
}

/** UUID of the one row that an operation is about. */
function rowOf(operation: Operation): string | undefined {
  return /^\[\["_uuid","==",\["uuid","([-0-9a-f]{36})"\]\]/.exec(printExact(operation['where'] ?? null))?.[1];
}

/** Of a pair of a map, both printed. */
function keyOf(pair: string): string {
  return printExact((parseExact(pair) as readonly ExactJson[])[0] ?? null);
}

function atomsOf(value: ExactJson): readonly string[] {
  return isList(value) && isList(value[1]) ? value[1].map(printExact) : [printExact(value)];
}
