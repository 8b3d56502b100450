/** Waiting in tests: for a condition, with a deadline, never for a time. */
import { setTimeout as delay } from 'node:timers/promises';

/** For what never comes to pass: so generous that no busy machine meets it. */
export const DEADLINE_MS = 120_000;
/** Looks often at first, for what is there soon; then less often, as many conditions ask another program. */
const FIRST_PAUSE_MS = 5;
const PAUSE_MS_MAX = 25;
const PAUSE_GROWTH = 1.3;

/**
 * Looks until the condition gives a value that is neither false nor null nor undefined, and gives that value.
 * @throws Error with the condition's text when the deadline passes
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + deadlineMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * PAUSE_GROWTH)) {
    const found = await condition();
    if (found !== false && found !== null && found !== undefined) return found as Exclude<T, false | null | undefined>;
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${condition.toString()}`);
    await delay(pauseMs);
  }
}
