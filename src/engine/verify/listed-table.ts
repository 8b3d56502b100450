/**
 * A table of which much came or went, after the commit: it is asked which rows it has, instead of for one row after the
 * other. Of many inserted rows their columns of weak references are read besides, and no others: what a row was
 * inserted with it has, but for a reference to a row that is not there.
 */
import type { Breath } from '../../lib/breath.js';
import { columnLabel, hasMembers } from '../../model/row/row-text.js';
import { wireValue } from '../../model/row/wire-notation.js';
import { WireRowReader } from '../../model/row/wire-row-reader.js';
import type { ColumnSchema } from '../../ovsdb/database-schema.js';
import { condition, EVERY_ROW, selectOperation } from '../../ovsdb/operation.js';
import { readListed, readRows } from '../capture/selected-rows.js';
import { weakColumns } from '../plan/dropped-reference.js';
import { isTranslated, OUTCOME, type Plan, type TablePlan } from '../plan/table-plan.js';
import {
  type ActualText,
  type Difference,
  type Differences,
  deletedDifference,
  type Exists,
  insertedDifference,
} from './difference.js';
import type { Question } from './read-request.js';

/** Of so many inserted rows every column is read. */
export const WHOLE_MAX = 100;

export interface ListedOptions {
  readonly exists: Exists;
  /** Rows that are inserted. */
  readonly inserts: number;
  readonly breath: Breath;
}

export class ListedTable {
  private readonly came: Uint8Array;
  private readonly stayed: Uint8Array;
  /** Number of an inserted row that is there -> how it differs. */
  private readonly differences = new Map<number, Difference>();
  private readonly isTranslated: boolean;

  constructor(
    private readonly draft: TablePlan,
    private readonly plan: Plan,
    private readonly options: ListedOptions,
  ) {
    this.came = new Uint8Array(draft.backup.count);
    this.stayed = new Uint8Array(draft.live.count);
    this.isTranslated = isTranslated(draft.table, plan.identity, plan.options);
  }

  /** What is asked. Their replies are read in their order. */
  async *questions(): AsyncGenerator<Question> {
    const { table } = this.draft;
    const { inserts, breath } = this.options;
    if (inserts > 0 && inserts <= WHOLE_MAX) {
      yield this.wholeQuestion();
      return;
    }
    yield {
      select: selectOperation(table.name, EVERY_ROW, ['_uuid']),
      read: (reply) => readListed(reply, breath, (uuid) => this.note(uuid)),
    };
    if (inserts > 0) for (const { column } of weakColumns(table)) yield await this.weakQuestion(column);
  }

  /** Adds what was found of each row. */
  async compare(found: Differences): Promise<void> {
    const { table, backup, outcomes, deletes } = this.draft;
    const { breath } = this.options;
    for (let i = 0; i < backup.count; i++) {
      if (outcomes[i] === OUTCOME.INSERT)
        found.add(table.name, this.came[i] === 1 ? this.differences.get(i) : this.difference(i, undefined));
      if (breath.due()) await breath.rest();
    }
    for (const index of deletes)
      found.add(table.name, this.stayed[index] === 1 ? deletedDifference(this.draft, index, NO_COLUMNS) : undefined);
  }

  /** Answers the number of the row of the backup. */
  private note(uuid: string): number | undefined {
    const { backup, live } = this.draft;
    const index = backup.find(uuid);
    if (index !== undefined) this.came[index] = 1;
    const liveIndex = live.count === 0 ? undefined : live.find(uuid);
    if (liveIndex !== undefined) this.stayed[liveIndex] = 1;
    return index;
  }

  /** All columns of all rows. */
  private wholeQuestion(): Question {
    const { table, outcomes } = this.draft;
    const columns = [...table.columns.values()].filter(({ ephemeral }) => !ephemeral);
    return this.rowsQuestion(EVERY_ROW, columns, (uuid, text) => {
      const index = this.note(uuid);
      if (index !== undefined && outcomes[index] === OUTCOME.INSERT) this.keep(index, this.difference(index, text));
    });
  }

  /** One column of the rows that have something in it, to be compared with all inserted rows that are there. */
  private async weakQuestion(column: ColumnSchema): Promise<Question> {
    const { backup, outcomes } = this.draft;
    const { breath } = this.options;
    const awaited = await this.rowsWith(column);
    const where = `[${condition(column.name, '!=', wireValue(column, undefined))}]`;
    const columns = new Set([column.name]);
    const question = this.rowsQuestion(where, [column], (uuid, text) => {
      const index = backup.find(uuid);
      if (index === undefined || outcomes[index] !== OUTCOME.INSERT) return;
      awaited[index] = 0;
      if (this.isTranslated || !hasMembers(backup.text(index), text, UUID_MEMBER_BYTES))
        this.keep(index, this.difference(index, text, columns));
    });
    return {
      select: question.select,
      read: async (reply) => {
        await question.read(reply);
        for (let i = 0; i < awaited.length; i++) {
          if (awaited[i] === 1 && this.came[i] === 1) this.keep(i, this.difference(i, NO_COLUMNS, columns));
          if (breath.due()) await breath.rest();
        }
      },
    };
  }

  /** Marks inserted rows in which the column may have a value. */
  private async rowsWith({ name }: ColumnSchema): Promise<Uint8Array> {
    const { backup, outcomes } = this.draft;
    const { breath } = this.options;
    const label = columnLabel(name);
    const marks = new Uint8Array(backup.count);
    for (let i = 0; i < backup.count; i++) {
      if (outcomes[i] === OUTCOME.INSERT && backup.text(i).includes(label)) marks[i] = 1;
      if (breath.due()) await breath.rest();
    }
    return marks;
  }

  /** @param take is told of each row, with its UUID as the first member of its text */
  private rowsQuestion(
    where: string,
    columns: readonly ColumnSchema[],
    take: (uuid: string, text: Buffer) => void,
  ): Question {
    const { table } = this.draft;
    const named = new Map([UUID_COLUMN, ...columns].map((column) => [column.name, column]));
    const reader = new WireRowReader({ ...table, columns: named });
    return {
      select: selectOperation(table.name, where, [...named.keys()]),
      read: (reply) =>
        readRows(reply, { reader, breath: this.options.breath }, (text) =>
          take(text.toString('latin1', UUID_AT, UUID_AT + UUID_LENGTH), text),
        ),
    };
  }

  /** Of several columns that differ the first is told, and rather one that is a fault. */
  private keep(index: number, difference: Difference | undefined): void {
    const known = this.differences.get(index);
    if (difference !== undefined && (known === undefined || known.isWarning === true))
      this.differences.set(index, difference);
  }

  private difference(index: number, text: ActualText, columns?: ReadonlySet<string>): Difference | undefined {
    const { exists } = this.options;
    return insertedDifference(this.draft, this.plan, index, { text, exists, ...(columns && { columns }) });
  }
}

/** A row in which nothing is, or of which nothing was read. */
const NO_COLUMNS = Buffer.from('{}');

const UUID_COLUMN: ColumnSchema = {
  name: '_uuid',
  kind: 'scalar',
  key: { type: 'uuid' },
  min: 1,
  max: 1,
  ephemeral: false,
  mutable: false,
};
/** {"_uuid":"<UUID>" */
const UUID_AT = 10;
const UUID_LENGTH = 36;
const UUID_MEMBER_BYTES = UUID_AT + UUID_LENGTH + 1;
