/** What a search does not tell apart, and what it does. */
import fc from 'fast-check';
import { folded } from '../../../src/lib/text/folded.js';

it('folds case, and the forms in which Unicode writes a letter', () => {
  for (const [one, other] of [
    ['Web', 'wEB'],
    ['\u00fcber', 'U\u0308BER'],
    ['Stra\u00dfe', 'STRASSE'],
    ['STRA\u1e9eE', 'strasse'],
    ['\u039f\u0394\u039f\u03a3', '\u03bf\u03b4\u03bf\u03c2'],
    ['\u039f\u0394\u039f\u03a3', '\u03bf\u03b4\u03bf\u03c3'],
    ['\u212bngstr\u00f6m', 'A\u030angstro\u0308m'],
    ['\ud55c', '\u1112\u1161\u11ab'],
  ] as const)
    expect(folded(one)).toBe(folded(other));
  for (const [one, other] of [
    ['uber', '\u00fcber'],
    ['web', 'web '],
  ] as const)
    expect(folded(one)).not.toBe(folded(other));
});

it('folds any text and its forms alike, and what is folded stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      const once = folded(text);
      expect(folded(text.normalize('NFD'))).toBe(once);
      expect(folded(text.normalize('NFC'))).toBe(once);
      expect(folded(once)).toBe(once);
    }),
  );
});
