/** Words that go with a count. Pure. */

/**
 * A text in the number of the count: "# {row is|rows are} left" is "1 row is left", or "2 rows are left". Only for
 * fixed texts: a name that somebody chose may have braces in it, and is put behind.
 */
export function plural(count: number, text: string): string {
  return text
    .replaceAll('#', String(count))
    .replaceAll(/\{([^{|}]*)\|([^{|}]*)\}/g, (_both, one: string, many: string) => (count === 1 ? one : many));
}
