/**
 * How many cases a random test goes through: a few in the suite, which everybody waits for, and LAW_RUNS times as many
 * for whoever has the time (`npm run laws`).
 */
const FACTOR = Number(process.env['LAW_RUNS'] ?? 1);
if (!(FACTOR > 0)) throw new Error(`LAW_RUNS is a factor, such as 10, and not "${process.env['LAW_RUNS'] ?? ''}"`);

/** @param inSuite cases in the suite */
export function lawRuns(inSuite: number): number {
  return Math.ceil(inSuite * FACTOR);
}

/** Of a list of cases those that the suite takes, evenly spread; all of them with LAW_RUNS. */
export function lawSample<T>(cases: readonly T[], inSuite: number): readonly T[] {
  const count = Math.min(cases.length, lawRuns(inSuite));
  return Array.from(
    { length: count },
    (_, i) => cases[Math.round((i * (cases.length - 1)) / Math.max(1, count - 1))] as T,
  );
}
