/**
 * What it means when the database refuses a transaction, and planning again does not mend that: it cannot write at all,
 * or something in it is wrong that should have been right. The server names rows by UUIDs, or an operation by its
 * number; people are told what they call these rows.
 */
import { labelOf } from '../../../engine/describe/label.js';
import type { Plan } from '../../../engine/plan/table-plan.js';
import { Breath } from '../../../lib/breath.js';
import { AppError, type ErrorPlace } from '../../../lib/error.js';
import { uuidsIn } from '../../../model/row/row.js';
import type { OvsdbError } from '../../../ovsdb/error.js';
import { isObject, type Json, type JsonObject, parseJson } from '../../../ovsdb/json.js';

/** What a server answers whose disk is full or broken. */
const BROKEN = 'I/O error';
/** Rows that are named. */
const NAMED_MAX = 5;

/** The refusal says nothing of what was sent: the server takes nothing else either. */
export function isBroken({ error }: OvsdbError): boolean {
  return error === BROKEN;
}

/**
 * The refusal in the words of the catalogue: DATABASE_UNAVAILABLE or DATABASE_REFUSED.
 * @param operations that were sent, one or more to a text
 */
export async function refusal(
  error: OvsdbError,
  plan: Plan,
  operations: Iterable<string> | AsyncIterable<string>,
): Promise<AppError> {
  if (isBroken(error))
    return new AppError(
      'DATABASE_UNAVAILABLE',
      `The database cannot write, and nothing was changed: ${error.message}`,
      { cause: error },
    );
  const rows = await rowsMeant(error, plan, operations);
  const named = rows.slice(0, NAMED_MAX).map(({ label }) => label);
  const about = named.length === 0 ? '' : `. It is about ${named.join(', ')}`;
  return new AppError(
    'DATABASE_REFUSED',
    `The database refused it, and nothing was changed: ${error.message}${about}`,
    {
      cause: error,
      place: rows[0] ?? {},
    },
  );
}

async function rowsMeant(
  error: OvsdbError,
  plan: Plan,
  operations: Iterable<string> | AsyncIterable<string>,
): Promise<readonly Required<ErrorPlace>[]> {
  const uuids = [...new Set(uuidsIn(error.details))];
  const named = uuids.flatMap((uuid) => placeOf(plan, uuid) ?? []);
  if (named.length > 0 || error.operation === undefined) return named;
  const operation = await operationOf(error.operation, operations);
  const uuid = operation === undefined ? undefined : uuidIn(operation);
  const place = uuid === undefined ? undefined : placeOf(plan, uuid);
  return place === undefined ? [] : [place];
}

/** A row of the plan, as it is to be where the backup holds it. */
function placeOf({ tables }: Plan, uuid: string): Required<ErrorPlace> | undefined {
  for (const { table, backup, live } of tables) {
    for (const rows of [backup, live]) {
      const index = rows.find(uuid);
      if (index !== undefined) return { table: table.name, label: labelOf(table, rows.row(index), uuid) };
    }
  }
  return undefined;
}

async function operationOf(
  number: number,
  operations: Iterable<string> | AsyncIterable<string>,
): Promise<JsonObject | undefined> {
  const breath = new Breath();
  let passed = 0;
  for await (const text of operations) {
    const list = parseJson(`[${text}]`) as readonly Json[];
    const operation = list[number - passed];
    if (operation !== undefined) return isObject(operation) ? operation : undefined;
    passed += list.length;
    if (breath.due()) await breath.rest();
  }
  return undefined;
}

/** Of the row that is inserted, or that the condition picks. */
function uuidIn({ uuid, where }: JsonObject): string | undefined {
  if (typeof uuid === 'string') return uuid;
  const [condition] = (Array.isArray(where) ? where : []) as readonly Json[];
  const [column, , value] = (Array.isArray(condition) ? condition : []) as readonly Json[];
  const [, picked] = (column === '_uuid' && Array.isArray(value) ? value : []) as readonly Json[];
  return typeof picked === 'string' ? picked : undefined;
}
