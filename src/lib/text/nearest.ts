/** Names that somebody may have meant who wrote another one. Pure. */
import { folded } from './folded.js';

/** Up to `count` of the names, those nearest to `name` first; none that has little to do with it. */
export function nearestNames(name: string, names: Iterable<string>, count = 3): readonly string[] {
  const wanted = folded(name);
  const found: { readonly name: string; readonly distance: number }[] = [];
  for (const candidate of new Set(names)) {
    const distance = distanceOf(wanted, folded(candidate));
    if (distance === undefined) continue;
    const at = found.findIndex((other) => other.distance > distance);
    if (at >= 0) found.splice(at, 0, { name: candidate, distance });
    else found.push({ name: candidate, distance });
    if (found.length > count) found.pop();
  }
  return found.map((near) => near.name);
}

/** A near name as messages show it: one that looks the same needs a word more. */
export function shownNear(near: string, name: string): string {
  return near.normalize() === name.normalize() ? `"${near}" (the same letters in another Unicode form)` : `"${near}"`;
}

/** Undefined for names that are too far apart to be meant for one another. */
function distanceOf(wanted: string, candidate: string): number | undefined {
  if (candidate === '' || wanted === '') return undefined;
  const difference = Math.abs(candidate.length - wanted.length);
  // a name of which a part was written, or of which too much was
  if (candidate.includes(wanted) || (candidate.length > 2 && wanted.includes(candidate)))
    return Math.min(difference, 4);
  const limit = wanted.length < 2 ? 0 : Math.max(1, Math.floor(Math.min(wanted.length, LENGTH_MAX) / 3));
  if (difference > limit) return undefined;
  const distance = editDistance(wanted.slice(0, LENGTH_MAX), candidate.slice(0, LENGTH_MAX), limit);
  return distance > limit ? undefined : distance;
}

/** Of longer names only the beginning is compared. */
const LENGTH_MAX = 120;

/** Letters to change, insert, leave out, or exchange with their neighbours; given up past the limit. */
function editDistance(a: string, b: string, limit: number): number {
  let older: readonly number[] = [];
  let before: readonly number[] = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const cell = Math.min(
        (before[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (before[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        isExchanged ? (older[j - 2] ?? 0) + 1 : Infinity,
      );
      row.push(cell);
      least = Math.min(least, cell);
    }
    if (least > limit) return limit + 1;
    older = before;
    before = row;
  }
  return before[b.length] ?? 0;
}
