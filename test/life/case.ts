/** A case: a story, a moment of it, and a fault at that moment. */
import type { RestoreResult } from '../../src/service/restore/record/restore-record.js';
import { FAULTS } from './faults.js';
import { FOREIGN_CELLS } from './foreign.js';
import { judge } from './judge.js';
import { HOUR_MS, Interrupted, Run } from './run.js';
import type { Stages } from './stage.js';
import { STORIES } from './stories.js';

export interface LifeCase {
  /** "expiry/after put restore APPLYING#1/kill" */
  readonly id: string;
  readonly story: string;
  readonly moment: string;
  readonly fault: string;
}

/** By the clock: much longer than anything is broken. */
const DEADLINE_CLOCK_MS = HOUR_MS;
const WRITTEN_AGAIN_MS = 40_000;
/** The time for a confirmation, the longest pauses between two tries of whatever was broken, and some more. */
const OVER_MS = 90_000;

export function caseOf(id: string): LifeCase {
  const [story = '', moment = '', fault = ''] = id.split('/');
  if (STORIES[story] === undefined || FAULTS[fault] === undefined)
    throw new Error(`no such case: ${id}. A case is STORY/MOMENT/FAULT, such as expiry/told restoring#1/kill`);
  return { id, story, moment, fault };
}

/** All cases of a story, found by telling it once without a fault. @throws Error when even that goes wrong */
export async function casesOf(stages: Stages, story: string): Promise<readonly LifeCase[]> {
  const run = await Run.begin(stages.of(story));
  try {
    const problems = await tell(run, story);
    if (problems.length > 0) throw new Error(`the story ${story} goes wrong by itself: ${problems.join('\n')}`);
  } finally {
    await run.end();
  }
  const told = run.moments.seen.slice(0, run.momentsTold).filter((moment) => !isOneOfMany(moment));
  return told.flatMap((moment) =>
    Object.entries(FAULTS)
      .filter(([, { fits }]) => fits(moment))
      .map(([fault]) => ({ id: `${story}/${moment}/${fault}`, story, moment, fault })),
  );
}

/** A cluster is read table by table: one table stands for all of them. */
function isOneOfMany(moment: string): boolean {
  return / select /.test(moment) && !moment.includes(' select Logical_Switch#');
}

/**
 * @param onLog told of what the servers logged and of every moment, in their order
 * @returns what is wrong; undefined when the moment did not come
 */
export async function runCase(
  stages: Stages,
  { story, moment, fault }: LifeCase,
  onLog?: (line: string) => void,
): Promise<readonly string[] | undefined> {
  const run = await Run.begin(stages.of(story), onLog);
  try {
    let isSprung = false;
    run.moments.setTrap(moment, () => {
      isSprung = true;
      return FAULTS[fault]?.spring(run) ?? Promise.resolve('PASSED');
    });
    const problems = await tell(run, story);
    return isSprung ? problems : undefined;
  } finally {
    await run.end();
  }
}

async function tell(run: Run, story: string): Promise<readonly string[]> {
  try {
    await STORIES[story]?.(run);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
  }
  run.moments.clearTraps();
  run.momentsTold = run.moments.seen.length;
  await finish(run);
  const problems = [...(await judge(run)), ...(await heldByOthers(run)), ...(await another(run))];
  return [...run.problems, ...problems];
}

/** The server is there again, what was broken is mended in time, and whatever was open comes to its end. */
async function finish(run: Run): Promise<void> {
  if (run.isInterrupted) {
    await run.ended();
    // the next start comes when there is space again
    run.disk.mend();
    await run.restart();
  }
  await over(run);
  // a record that could not be kept is written again within half a minute
  await run.until(() => run.isMended, DEADLINE_CLOCK_MS);
  await run.pass(WRITTEN_AGAIN_MS);
  await over(run);
  const phases = phasesOf(run);
  run.drain();
  await run.ended();
  run.disk.mend();
  await run.restart();
  await over(run);
  const kept = phasesOf(run);
  for (const [id, phase] of phases)
    if (kept.get(id) !== phase)
      run.problems.push(`3: ${id} was ${phase} and is ${kept.get(id) ?? 'gone'} after a start`);
}

async function over(run: Run): Promise<void> {
  await run.until(() => run.isInterrupted || run.isMended, DEADLINE_CLOCK_MS);
  const isOver = (): boolean => run.isAllOver && run.areCallsAnswered;
  const isReached = await run.until(() => run.isInterrupted || isOver(), OVER_MS);
  if (run.isInterrupted) {
    await run.ended();
    run.disk.mend();
    await run.restart();
    return over(run);
  }
  if (isReached) return;
  for (const { id, phase, undoOf } of run.restores())
    run.problems.push(
      `3: ${undoOf === undefined ? 'restore' : 'undo'} ${id.slice(0, 8)} is still ${phase} ${OVER_MS} ms later`,
    );
  for (const { what, by, answer } of run.calls)
    if (by === run.process && answer === undefined) run.problems.push(`4: a call of ${what} is never answered`);
}

function phasesOf(run: Run): ReadonlyMap<string, string> {
  return new Map(run.restores().map(({ id, phase }) => [id, phase]));
}

/** 4: the queue is free. */
async function another(run: Run): Promise<readonly string[]> {
  const call = run.restore();
  if (!(await run.until(() => call.answer !== undefined, DEADLINE_CLOCK_MS)))
    return ['4: another restore is never answered'];
  return call.answer === 'OK' ? [] : [`4: another restore is refused: ${call.answer ?? ''}`];
}

/**
 * 8: a row of the restore that another client's row refers to strongly is a named conflict of an undo, and stays by
 * force; and what a dry run says comes to pass.
 */
async function heldByOthers(run: Run): Promise<readonly string[]> {
  const restored = run.restores().find(({ phase, undoOf }) => phase === 'SUCCEEDED' && undoOf === undefined);
  const cells = await run.content.read();
  const isHeld = Object.entries(FOREIGN_CELLS.refer).every(([cell, theirs]) => cells.get(cell) === theirs);
  if (!isHeld || restored?.canBeUndone !== true) return [];
  const { id } = restored;
  const problems: string[] = [];
  for (const force of [false, true]) {
    const [dry, wet] = [await undone(run, id, { force, dryRun: true }), await undone(run, id, { force })];
    for (const [what, result] of [
      ['dry run', dry],
      ['undo', wet],
    ] as const) {
      const said = [...(result?.errors ?? []).map(({ message }) => message), ...(result?.warnings ?? [])].join('; ');
      const isRight = result?.success === force && said.includes('lost');
      if (!isRight) problems.push(`8: ${what}, force ${String(force)}: success ${String(result?.success)}, ${said}`);
    }
    if (dry?.deletedCount !== wet?.deletedCount || dry?.restoredCount !== wet?.restoredCount)
      problems.push(`8: the dry run said other numbers than the undo, force ${String(force)}`);
  }
  return problems;
}

async function undone(
  run: Run,
  id: string,
  options: { force: boolean; dryRun?: boolean },
): Promise<RestoreResult | undefined> {
  const call = run.undo(id, options);
  await run.until(() => call.answer !== undefined, DEADLINE_CLOCK_MS);
  return call.id === undefined ? undefined : (await run.process.restores.find(call.id))?.record.result;
}
