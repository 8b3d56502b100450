/**
 * The address that somebody may have meant who asked for another one. What an address ends with says most of what it is
 * for; then comes whether it takes the method, and then the rest of it. Pure.
 */
import { nearestNames } from '../../../lib/text/nearest.js';

export interface KnownAddress {
  /** A part that may be any value is written as ":id". */
  readonly segments: readonly string[];
  readonly methods: readonly string[];
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const ID = ':id';
/** Parts that many addresses begin with, and that are often forgotten. */
const COMMON = /^(?:|api|v\d+)$/;
const SEGMENTS_MAX = 12;
/** A shorter one is a part of many words. */
const WORD_CHARACTERS_MIN = 3;

/** What each thing that is not as in the address that was asked for counts for. */
const COST = { nearEnd: 1, farther: 0.1, valueAtEnd: 1, otherMethod: 2, otherWord: 1, otherIds: 0.5 };
const COST_MAX = 4.5;

/** With the method before it where it does not take the one that was used; undefined where none is near. */
export function nearestAddress(
  asked: { readonly method: string; readonly path: string },
  known: readonly KnownAddress[],
): string | undefined {
  const addresses = known.map((address) => ({ ...address, parts: partsOf(address.segments) }));
  const words = new Set(addresses.flatMap(({ parts }) => parts.filter((part) => part !== ID)));
  const parts = partsOf(asked.path.split('/')).slice(0, SEGMENTS_MAX);
  const ends = nearestNames(parts.findLast((part) => !isValue(part, words)) ?? '', words);
  const meant = parts.map((part) => (isValue(part, words) ? ID : (nearestNames(part, words, 1)[0] ?? ID)));
  const isExact = parts.some((part) => part === ends[0]);
  let best: { readonly shown: string; readonly cost: number } | undefined;
  for (const { segments, methods, parts: theirs } of addresses) {
    const rank = ends.indexOf(theirs.findLast((part) => part !== ID) ?? '');
    const endsWithValue = theirs.at(-1) === ID;
    // a name that nobody knows stands where a value is, or for nothing at all
    if (rank < 0 || (meant.at(-1) === ID && parts.at(-1) !== ID && !endsWithValue)) continue;
    const takesMethod = methods.includes(asked.method);
    const cost =
      (rank === 0 && isExact ? 0 : COST.nearEnd + rank * COST.farther) +
      (endsWithValue && meant.at(-1) !== ID ? COST.valueAtEnd : 0) +
      (takesMethod ? 0 : COST.otherMethod) +
      COST.otherWord * (without(meant, theirs) + without(theirs, meant)) +
      COST.otherIds * Math.abs(idsIn(meant) - idsIn(theirs));
    if (cost > COST_MAX || (best !== undefined && cost >= best.cost)) continue;
    const shown = segments.join('/');
    best = { cost, shown: takesMethod ? shown : `${methods.join(' or ')} ${shown}` };
  }
  return best?.shown;
}

function partsOf(segments: readonly string[]): readonly string[] {
  return segments
    .filter((segment) => !COMMON.test(segment))
    .map((segment) => (segment.startsWith(':') || UUID.test(segment) ? ID : segment));
}

/** Whether a part is no word of an address, such as the name of a backup. */
function isValue(part: string, words: ReadonlySet<string>): boolean {
  if (part === ID || words.has(part)) return part === ID;
  return part.length < WORD_CHARACTERS_MIN || nearestNames(part, words, 1).length === 0;
}

/** How many words of one there are not in the other. */
function without(one: readonly string[], other: readonly string[]): number {
  return one.filter((part) => part !== ID && !other.includes(part)).length;
}

function idsIn(parts: readonly string[]): number {
  return parts.filter((part) => part === ID).length;
}
