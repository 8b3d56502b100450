/** Waiting in tests: for a condition, with a deadline, never for a time. */
import { setTimeout as delay } from 'node:timers/promises';

/** For what never comes to pass: so generous that no busy machine meets it. */
export const DEADLINE_MS = 120_000;
const LOOK_EVERY_MS = 10;

/**
 * Looks until the condition gives a value that is neither false nor null nor undefined, and gives that value.
 * @throws Error with the condition's text when the deadline passes
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const found = await condition();
    if (found !== false && found !== null && found !== undefined) return found as Exclude<T, false | null | undefined>;
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${condition.toString()}`);
    await delay(LOOK_EVERY_MS);
  }
}
