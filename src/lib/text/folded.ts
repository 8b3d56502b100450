/** Comparing text as a person reads it. Pure. */

const ASCII = /^[\0-\x7f]*$/;

/**
 * The text without what a person who searches does not mind: upper and lower case, and which of Unicode's forms its
 * letters are written in (macOS writes "\u00fc" as two characters). Texts that differ in nothing else fold to the same.
 */
export function folded(text: string): string {
  if (ASCII.test(text)) return text.toUpperCase();
  // through both cases, since some letters have a partner in one of them only: "\u00df" and "SS", two kinds of sigma
  return text.normalize('NFD').toLowerCase().toUpperCase().normalize('NFC');
}
