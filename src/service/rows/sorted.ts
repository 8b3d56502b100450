/** Sorting many items without holding up everybody else. */
import type { Breath } from '../../lib/breath.js';

/** So many are sorted at once. */
const RUN_ITEMS = 2_048;

/**
 * The items in order, those that are equal as they were.
 * @throws the reason of the signal when it aborts before the end
 */
export async function sortedInSlices<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  breath: Breath,
  signal?: AbortSignal,
): Promise<readonly T[]> {
  const rest = async (): Promise<void> => {
    await breath.rest();
    signal?.throwIfAborted();
  };
  let runs: T[][] = [];
  for (let start = 0; start < items.length; start += RUN_ITEMS) {
    runs.push(items.slice(start, start + RUN_ITEMS).sort(compare));
    await rest();
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      const [a = [], b = []] = [runs[i], runs[i + 1]];
      const run: T[] = [];
      for (let at = 0, other = 0; at < a.length || other < b.length; ) {
        const isFirst = other >= b.length || (at < a.length && compare(a[at] as T, b[other] as T) <= 0);
        run.push((isFirst ? a[at++] : b[other++]) as T);
        if (breath.due()) await rest();
      }
      merged.push(run);
    }
    runs = merged;
  }
  return runs[0] ?? [];
}
