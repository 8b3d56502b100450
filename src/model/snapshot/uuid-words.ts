/**
 * UUIDs as four 32-bit words: 16 bytes where a string takes some 56, in the same order as the strings. For millions of
 * them.
 */

export const UUID_WORDS = 4;
const UUID_CHARACTERS = 36;
const DASH = 0x2d;
/** Where each of the sixteen bytes stands in the text. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;
const NO_DIGIT = 0xff;
/** Code of a lower-case hexadecimal digit -> its value. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return digit < 0 ? NO_DIGIT : digit;
});
/** Value of a byte -> its two digits, as bytes of text. */
const PAIRS = Uint16Array.from({ length: 256 }, (_, value) =>
  Buffer.from(value.toString(16).padStart(2, '0')).readUInt16LE(),
);

/** Reads a UUID as OVSDB writes it into the first four of `words`. False for any other text. */
export function readUuid(uuid: string, words: Uint32Array): boolean {
  if (uuid.length !== UUID_CHARACTERS) return false;
  if (
    uuid.charCodeAt(8) !== DASH ||
    uuid.charCodeAt(13) !== DASH ||
    uuid.charCodeAt(18) !== DASH ||
    uuid.charCodeAt(23) !== DASH
  )
    return false;
  // no digit has any of the high four bits, so that all can be looked at together
  let all = 0;
  for (let word = 0; word < UUID_WORDS; word++) {
    let value = 0;
    for (let byte = word * 4; byte < word * 4 + 4; byte++) {
      const place = PLACES[byte] as number;
      const high = DIGITS[uuid.charCodeAt(place)] ?? NO_DIGIT;
      const low = DIGITS[uuid.charCodeAt(place + 1)] ?? NO_DIGIT;
      all |= high | low;
      value = (value << 8) | (high << 4) | low;
    }
    words[word] = value;
  }
  return all < 16;
}

const text = Buffer.alloc(UUID_CHARACTERS, '-');

/** The text of the UUID whose words begin at `at`. */
export function writeUuid(words: Uint32Array, at: number): string {
  for (let byte = 0; byte < 16; byte++) {
    const value = ((words[at + (byte >> 2)] as number) >>> (24 - (byte & 3) * 8)) & 0xff;
    const pair = PAIRS[value] as number;
    const place = PLACES[byte] as number;
    text[place] = pair & 0xff;
    text[place + 1] = pair >> 8;
  }
  return text.toString('latin1');
}
