/**
 * What an answer says, against what the database shows. From the document: "success is true only when every planned
 * change is in the database; success false: the database is as it was. restored = inserted or updated; skipped = left
 * as it was; failed = could not be planned, with an error that names the row. Details are per table, and restored +
 * skipped + failed = total for each." "The counts of a dry run and of the real restore that follows are equal."
 */
import type { Outcome, ToldChange } from '../answer.js';
import { type Content, type Difference, differencesBetween, nameOf, placesOf } from '../content.js';
import { NATURAL_KEYS } from '../northbound.js';
import type { Schema } from '../schema.js';

export function* countLaws(outcome: Outcome, differences: readonly Difference[]): Generator<string> {
  yield* sumLaws(outcome);
  const deleted = differences.filter(({ kind }) => kind === 'DELETE').length;
  const restored = differences.length - deleted;
  if (outcome.restored !== restored)
    yield `restoredCount is ${outcome.restored}, and ${restored} rows were inserted or updated`;
  if (outcome.deleted !== deleted) yield `deletedCount is ${outcome.deleted}, and ${deleted} rows are gone`;
  const seen = new Map(
    differences.map((difference) => [keyOf(difference.kind, difference.table.name, difference.uuid), difference]),
  );
  const told = new Map(outcome.changes.map((change) => [keyOf(change.kind, change.table, change.uuid), change]));
  if (told.size !== outcome.changes.length) yield 'a change is in the list of changes twice';
  for (const key of told.keys()) if (!seen.has(key)) yield `the list of changes has ${key}, which did not happen`;
  for (const [key, difference] of seen) {
    const change = told.get(key);
    if (change === undefined) yield `${key} is not in the list of changes (columns: ${difference.columns.join(', ')})`;
    else if (difference.kind === 'UPDATE') yield* columnLaws(key, change, difference);
  }
  for (const { table, restored: rows, deleted: gone } of outcome.details) {
    const here = differences.filter((difference) => difference.table.name === table);
    const deletedHere = here.filter(({ kind }) => kind === 'DELETE').length;
    if (rows !== here.length - deletedHere || gone !== deletedHere)
      yield `details say ${rows} restored and ${gone} deleted in ${table}; the database says ${here.length - deletedHere} and ${deletedHere}`;
  }
}

const keyOf = (kind: string, table: string, uuid: string): string => `${kind} ${table} ${uuid}`;

function* columnLaws(key: string, change: ToldChange, { columns }: Difference): Generator<string> {
  const told = change.columns.map(({ column }) => column).sort();
  const seen = [...columns].sort();
  if (told.join() !== seen.join())
    yield `${key} changed the columns ${seen.join(', ')}; the list of changes says ${told.join(', ')}`;
}

function* sumLaws({ details, restored, skipped, deleted, errorCount, problems, success }: Outcome): Generator<string> {
  const sum = (of: 'restored' | 'skipped' | 'deleted'): number =>
    details.reduce((total, detail) => total + detail[of], 0);
  for (const detail of details)
    if (detail.restored + detail.skipped + detail.failed !== detail.total)
      yield `details of ${detail.table}: ${detail.restored} + ${detail.skipped} + ${detail.failed} is not ${detail.total}`;
  if (sum('restored') !== restored) yield `details say ${sum('restored')} restored, the answer ${restored}`;
  if (sum('skipped') !== skipped) yield `details say ${sum('skipped')} skipped, the answer ${skipped}`;
  if (sum('deleted') !== deleted) yield `details say ${sum('deleted')} deleted, the answer ${deleted}`;
  if (success && (errorCount > 0 || problems.length > 0)) yield `success, with an error: ${problems[0]?.message ?? ''}`;
}

/** A dry run and the restore after it; rows of a copy have other UUIDs each time. */
export function* dryRunLaws(dry: Outcome, real: Outcome, isCopying: boolean): Generator<string> {
  if (dry.success !== real.success)
    yield `the dry run ${dry.success ? 'could be applied' : 'could not be applied'}, and the restore ${real.success ? 'succeeded' : 'was refused'}: ${[...dry.problems, ...real.problems].map(({ message }) => message).join('; ')}`;
  for (const count of ['restored', 'skipped', 'deleted', 'errorCount'] as const)
    if (dry[count] !== real[count]) yield `the dry run counts ${dry[count]} ${count}, the restore ${real[count]}`;
  if (JSON.stringify(dry.details) !== JSON.stringify(real.details)) yield 'the details of the dry run are others';
  if (!real.success) return;
  const list = ({ changes }: Outcome): string =>
    changes
      .map(({ kind, table, uuid }) => (isCopying && kind === 'INSERT' ? `${kind} ${table}` : keyOf(kind, table, uuid)))
      .sort()
      .join('; ');
  if (list(dry) !== list(real)) yield `the dry run's changes are others: ${list(dry)}; the restore's: ${list(real)}`;
}

export function* nothingLaws(schema: Schema, what: string, before: Content, after: Content): Generator<string> {
  for (const { kind, table, uuid, columns } of differencesBetween(schema, before, after))
    yield `${what} changed something: ${kind} ${table.name} ${uuid} ${columns.join(', ')}`;
}

/** "Refused" means that nothing changed, and the message names a row, or the name that picks nothing. */
export function* refusalLaws(
  schema: Schema,
  what: string,
  { problems }: Outcome,
  contents: readonly Content[],
  others: readonly string[],
): Generator<string> {
  if (problems.length === 0) yield `${what} was refused without a word`;
  for (const { code, message } of problems)
    if (code === 'INTERNAL' || code === 'PLAN_STALE' || code === 'DATABASE_REFUSED')
      yield `${what} was refused with ${code}: ${message}`;
  const said = problems.map(({ message, label }) => `${message} ${label ?? ''}`).join('\n');
  const words = new Set(others);
  for (const content of contents)
    for (const { table, uuid, row } of placesOf(schema, content)) {
      words.add(uuid);
      if (nameOf(row) !== '') words.add(nameOf(row));
      for (const index of [...table.indexes.flat(), ...(NATURAL_KEYS[table.name] ?? [])])
        for (const member of row.get(index) ?? []) words.add(member.replaceAll('"', ''));
    }
  const hasLabel = problems.some(({ label }) => label !== null && label !== undefined && label !== '');
  if (!hasLabel && ![...words].some((word) => word.length > 1 && said.includes(word)))
    yield `${what} was refused, and no row is named: ${said}`;
}
