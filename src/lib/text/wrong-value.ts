/** A value that is none of those that a choice has. Pure. */

/** It may be a key in the wrong place: only what looks like the name of a value is quoted. */
const QUOTED = /^[A-Za-z_]{1,24}$/;

/** Completes "expected one of ...". */
export function andNot(value: unknown): string {
  return typeof value === 'string' && QUOTED.test(value) ? `, and not ${value}` : '';
}
