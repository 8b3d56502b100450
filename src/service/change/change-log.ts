/**
 * The change log of a restore: what was, or in a dry run would be, changed row by row, as gzipped lines of
 * JSON in the store. It is written and read as a stream; a restore of 300,000 rows has as many lines.
 */
import { pipeline } from 'node:stream';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { type ChangeKind, type RowChange, type WholeRowChange, wholeRow } from '../../engine/plan/plan-changes.js';
import type { KeptChange } from '../../engine/undo/undo.js';
import { AppError, messageOf } from '../../lib/error.js';
import type { Row } from '../../model/row/row.js';
import { parseJson, stringifyJson } from '../../ovsdb/json.js';
import type { Store } from '../../store/store.js';
import { changeLogKey } from '../backup/layout.js';
import { type ChangeCounts, type ChangePage, type ChangePageRequest, pageChanges } from './change-page.js';

const BLOCK_CHARACTERS = 64 << 10;

/** Writes the log. */
export async function writeChangeLog(
  store: Store,
  id: string,
  changes: AsyncIterable<RowChange | WholeRowChange>,
): Promise<void> {
  async function* lines(): AsyncGenerator<Buffer> {
    let block = '';
    for await (const change of changes) {
      block += `${lineOf(change)}\n`;
      if (block.length < BLOCK_CHARACTERS) continue;
      yield Buffer.from(block);
      block = '';
    }
    yield Buffer.from(block);
  }
  const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: 64 << 10 });
  // an error of the source destroys the gzip, whose reader, the store, then throws it
  pipeline(lines, gzip, () => undefined);
  await store.put(changeLogKey(id), gzip, { replace: true });
}

function lineOf(change: RowChange | WholeRowChange): string {
  const { kind, table, uuid, label } = change;
  const head = `{"kind":"${kind}","table":${JSON.stringify(table)},"uuid":"${uuid}","label":${JSON.stringify(label)}`;
  if ('row' in change) return `${head},"row":${change.row.toString()}}`;
  if (change.isBrief === true) return `${head},"columns":[],"isBrief":true}`;
  const columns = change.columns.map((cell) =>
    Object.fromEntries(Object.entries(cell).filter(([, value]) => value !== undefined)),
  );
  const reason = change.reason === undefined ? '' : `,"reason":${JSON.stringify(change.reason)}`;
  return `${head},"columns":${stringifyJson(columns)}${reason}}`;
}

function changeOf(line: string): RowChange {
  const change = parseJson(line) as unknown as
    | RowChange
    | (Omit<RowChange, 'columns'> & { readonly row: Row; readonly kind: 'INSERT' | 'DELETE' });
  if (!('row' in change)) return change;
  const { row, ...rest } = change;
  return { ...rest, columns: wholeRow(row, change.kind) };
}

/**
 * Every change of the log, rows that were left as they are passed over: what is needed to undo it.
 * @throws AppError NOT_FOUND when the log is gone, INTEGRITY_FAILED when it is damaged
 */
export async function* readKeptChanges(store: Store, id: string): AsyncGenerator<KeptChange> {
  try {
    for await (const line of logLines(store, id)) {
      if (mayMatch(line, 'SKIP', undefined)) continue;
      yield changeOf(line) as KeptChange;
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      'INTEGRITY_FAILED',
      `The list of changes of restore ${id} is damaged, so that it cannot be undone: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function* logLines(store: Store, id: string): AsyncGenerator<string> {
  const gunzip = createGunzip();
  const source = await store.get(changeLogKey(id));
  pipeline(source, gunzip, () => undefined);
  try {
    let text = '';
    for await (const piece of gunzip.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = piece.split('\n');
      const last = lines.pop() ?? '';
      for (const line of lines) {
        yield text + line;
        text = '';
      }
      text += last;
    }
    if (text !== '') yield text;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/** One page of the log. @throws AppError BAD_USER_INPUT for a page that cannot be, NOT_FOUND when the log is gone */
export async function readChangeLog(
  store: Store,
  id: string,
  counts: ChangeCounts,
  request: ChangePageRequest,
): Promise<ChangePage> {
  const { kind, table } = request;
  async function* changes(): AsyncGenerator<() => RowChange> {
    for await (const line of logLines(store, id)) if (mayMatch(line, kind, table)) yield () => changeOf(line);
  }
  return pageChanges(changes(), counts, request);
}

/** The members of a line stand in a fixed order, so that lines of others need not be parsed. */
function mayMatch(line: string, kind: ChangeKind | undefined, table: string | undefined): boolean {
  if (kind !== undefined && !line.startsWith(`{"kind":"${kind}"`)) return false;
  return table === undefined || line.startsWith(`"table":${JSON.stringify(table)},`, line.indexOf(',') + 1);
}
