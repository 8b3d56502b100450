/**
 * The judge of a run that is over: the eight promises of a restore's life, by what ovsdb-server wrote down, what the
 * database holds, what the records say and what is in the audit trail.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RestoreRecord } from '../../src/service/restore/record/restore-record.js';
import type { Committed } from './committed.js';
import { type Cells, differingCells } from './content.js';
import { FOREIGN_CELLS } from './foreign.js';
import type { Run } from './run.js';

/** @returns what is wrong, each beginning with the number of the promise */
export async function judge(run: Run): Promise<readonly string[]> {
  const committed = await run.committed.read();
  const records = await run.records();
  // an undo that nobody asked for goes on also where nothing can be written down
  const isAsked = ({ undoes }: Committed): boolean => !run.diedUnkept || undoes === undefined;
  return [
    ...(await wrongContent(run, committed)),
    ...records.flatMap((record) => wrongRecord(run, record, committed)),
    ...strangers(records, committed.filter(isAsked)),
    ...(await missingLines(run, committed.filter(isAsked))),
    ...wrongAnswers(run, committed),
    ...(await leftovers(run)),
    ...run.log
      .filter((line) => /Bug:|"INTERNAL"|left where it was|not as this server left it/.test(line))
      .map((line) => `a bug: ${line}`),
  ];
}

/** 1 and 7: before or after, as the last transaction says; and what another client wrote is still there. */
async function wrongContent(run: Run, committed: readonly Committed[]): Promise<readonly string[]> {
  const { before, after } = run.stage;
  const isAfter = committed.length > 0 && committed.at(-1)?.undoes === undefined;
  const cells = await run.content.read();
  const free = new Set(run.foreign === undefined ? [] : Object.keys(FOREIGN_CELLS[run.foreign]));
  const rowsOfTheirs = run.foreign === 'name' || run.foreign === 'refer' ? 'Address_Set/lost.' : undefined;
  const wrong = differingCells(cells, isAfter ? after : before).filter(
    (cell) => !free.has(cell) && (rowsOfTheirs === undefined || !cell.startsWith(rowsOfTheirs)),
  );
  const problems: string[] = [];
  if (wrong.length > 0) {
    const other = differingCells(cells, isAfter ? before : after).length === 0;
    const where = wrong.slice(0, 5).map((cell) => `${cell} is ${cells.get(cell) ?? 'missing'}`);
    problems.push(
      `${other ? '2' : '1'}: the database is not as ${isAfter ? 'after' : 'before'} the restore, but ` +
        `${other ? 'the other way round' : 'in between'}: ${where.join('; ')}`,
    );
  }
  return [...problems, ...lostForeign(run, cells, isAfter)];
}

/** What another client wrote stays, unless a restore that began later was to change it. */
function lostForeign({ foreign, stage }: Run, cells: Cells, isAfter: boolean): readonly string[] {
  if (foreign === undefined) return [];
  return Object.entries(FOREIGN_CELLS[foreign]).flatMap(([cell, theirs]) => {
    const is = cells.get(cell);
    const isRestored = is === stage.after.get(cell) && isAfter;
    // a cell that the restore changed goes back by force, whatever it was
    const isUndone = foreign === 'same' && is === stage.before.get(cell) && !isAfter;
    return is === theirs || isRestored || isUndone
      ? []
      : [`7: another client's ${cell} is ${is ?? 'missing'} and not ${theirs}`];
  });
}

/** 2 and 3 */
function wrongRecord(run: Run, record: RestoreRecord, committed: readonly Committed[]): readonly string[] {
  const { id, phase, result, confirmWithinSeconds, source } = record;
  const name = `${source.kind} ${id.slice(0, 8)}`;
  const isCommitted = committed.some((transaction) => transaction.id === id);
  const isUndone = committed.some((transaction) => transaction.undoes === id);
  const code = result?.errors[0]?.code;
  const problems: string[] = [];
  if (run.diedUnkept && isUndone) return problems; // nobody could write down that it was there, and is not any more
  if (isCommitted) {
    const isRight = phase === 'SUCCEEDED' || phase === 'UNDONE' || (phase === 'FAILED' && code === 'UNDO_IMPOSSIBLE');
    if (!isRight) problems.push(`2: ${name} is in the database and ${phase} (${code ?? 'no code'})`);
    if (code === 'UNDO_IMPOSSIBLE')
      problems.push(`3: ${name} can never be undone: ${result?.errors[0]?.message ?? ''}`);
  } else if (phase === 'UNDONE' || (phase === 'SUCCEEDED' && (result?.steps ?? 0) > 0 && !record.dryRun)) {
    problems.push(`2: ${name} is ${phase} and was never in the database`);
  }
  if (isUndone !== (phase === 'UNDONE') && isCommitted)
    problems.push(`7: ${name} is ${phase}; undone: ${String(isUndone)}`);
  const confirms = run.calls.filter(({ what }) => what === 'confirm');
  const isConfirmed = confirms.some(({ answer }) => answer === 'OK');
  if (isCommitted && confirmWithinSeconds !== undefined && !isUndone) {
    if (confirms.length === 0 && code !== 'UNDO_IMPOSSIBLE')
      problems.push(`3: ${name} was not confirmed and is ${phase}`);
  }
  if (isConfirmed && confirmWithinSeconds !== undefined && isUndone && !run.calls.some(({ what }) => what === 'undo'))
    problems.push(`3: ${name} was confirmed and is undone all the same`);
  return problems;
}

function strangers(records: readonly RestoreRecord[], committed: readonly Committed[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { id } of committed) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].flatMap(([id, count]) => [
    ...(count > 1 ? [`1: ${id} was committed ${count} times`] : []),
    ...(records.some((record) => record.id === id) ? [] : [`5: ${id} is in the database and has no record`]),
  ]);
}

/** 5 */
async function missingLines(run: Run, committed: readonly Committed[]): Promise<readonly string[]> {
  const trail = await readFile(join(run.folder, 'store', 'audit.jsonl'), 'utf8').catch(() => '');
  return committed
    .filter(({ id }) => !trail.includes(`"restoreId":"${id}"`))
    .map(({ id }) => `5: the change of ${id} has no line in the audit trail`);
}

/** 2: what was answered with an error is not in the database, unless the error says that nobody knows. */
function wrongAnswers(run: Run, committed: readonly Committed[]): readonly string[] {
  return run.calls
    .filter(({ id, answer }) => answer !== undefined && answer !== 'OK' && committed.some((done) => done.id === id))
    .filter(({ answer }) => answer !== 'DATABASE_UNAVAILABLE')
    .map(({ what, answer }) => `2: a call of ${what} was answered with ${answer ?? ''} and is in the database`);
}

/** Space that was set aside for what has ended. */
async function leftovers(run: Run): Promise<readonly string[]> {
  const names = await readdir(join(run.folder, 'store', 'restores')).catch(() => []);
  return names.filter((name) => name.endsWith('.reserved')).map((name) => `4: ${name} is left over`);
}
