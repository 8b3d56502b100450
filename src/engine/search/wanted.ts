/**
 * What a person typed to find rows by: a name or a part of one, an IP address, a MAC, a UUID or its beginning. Upper
 * and lower case are the same. Pure.
 */
import { folded } from '../../lib/text/folded.js';
import { nameOf } from '../../model/northbound/noun.js';
import { type Atom, parseRow, type Row, type Value } from '../../model/row/row.js';
import { mapEntries } from '../../model/row/wire-notation.js';
import type { BaseType, ColumnSchema, TableSchema } from '../../ovsdb/database-schema.js';
import { type Address, addressOf, placesOf } from './address.js';

/** How well a row fits, the best first. */
export const RANK = { NAME: 0, VALUE: 1, PART_OF_NAME: 2, PART: 3 } as const;
export type Rank = (typeof RANK)[keyof typeof RANK];

/** Fewer characters say too little of a UUID. */
export const UUID_CHARACTERS_MIN = 4;

const HYPHENED_MAC = /^[\da-f]{2}(?:-[\da-f]{2}){5}$/i;
const MAC = /^[\da-f]{2}(?::[\da-f]{2}){5}$/i;
const UUID_CHARACTERS = /^[\da-f-]+$/;
const SPACE = /\s/;
/** Signs of OVN's match language. */
const IN_MATCH = /[=<>!&|(){}"]/;

export class Wanted {
  private readonly text: string;
  /** As in the canonical text of a row. */
  private readonly quoted: string;
  private readonly uuidStart: string | undefined;
  private readonly address: Address | undefined;
  /** Whether the text may stand in a longer one: not an address, which would be another one there. */
  private readonly mayBePart: boolean;
  private readonly isMac: boolean;

  constructor(typed: string) {
    const trimmed = typed.trim();
    const text = HYPHENED_MAC.test(trimmed) ? trimmed.replaceAll('-', ':') : trimmed;
    const lower = text.toLowerCase();
    this.text = folded(text);
    this.quoted = folded(JSON.stringify(text).slice(1, -1));
    this.uuidStart = lower.length >= UUID_CHARACTERS_MIN && UUID_CHARACTERS.test(lower) ? lower : undefined;
    this.address = addressOf(text);
    // fd00:: is an address, and how others begin
    this.mayBePart = this.address === undefined || text.endsWith('::');
    this.isMac = MAC.test(text);
  }

  /** How well the row fits, undefined where it does not. @param text its canonical text */
  rankOf(table: TableSchema, uuid: string, text: string): Rank | undefined {
    const ofUuid = this.rankOfUuid(uuid);
    if (ofUuid === RANK.NAME || !this.mayBeIn(text)) return ofUuid;
    return best(ofUuid, this.rankOfRow(table, parseRow(text)));
  }

  private rankOfUuid(uuid: string): Rank | undefined {
    if (this.uuidStart === undefined || !uuid.startsWith(this.uuidStart)) return undefined;
    return uuid === this.uuidStart ? RANK.NAME : RANK.PART_OF_NAME;
  }

  /** Whether the values of a row have to be looked at. */
  private mayBeIn(text: string): boolean {
    if (this.address !== undefined) {
      const plain = text.includes('\\') ? text.replaceAll('\\"', '"') : text;
      if (plain.includes('\\') || !placesOf(this.address, plain).next().done) return true;
    }
    return this.mayBePart && folded(text).includes(this.quoted);
  }

  private rankOfRow(table: TableSchema, row: Row): Rank | undefined {
    const name = nameOf(row);
    if (name !== undefined && folded(name) === this.text) return RANK.NAME;
    let rank = name === undefined ? undefined : this.rankOfText(name);
    if (rank === RANK.PART) rank = RANK.PART_OF_NAME;
    for (const column of Object.keys(row)) {
      const schema = table.columns.get(column);
      if (schema === undefined) continue;
      rank = best(rank, this.rankOfValue(schema, row[column] as Value));
      if (rank === RANK.VALUE) break;
    }
    return rank;
  }

  private rankOfValue({ kind, key, value: type }: ColumnSchema, value: Value): Rank | undefined {
    let rank: Rank | undefined;
    const look = (base: BaseType | undefined, atom: Atom): void => {
      rank = best(rank, this.rankOfAtom(base, atom));
    };
    if (kind === 'map') {
      for (const [k, v] of mapEntries(value)) {
        look(key, k);
        look(type, v);
      }
    } else if (kind === 'set') for (const atom of value as readonly Atom[]) look(key, atom);
    else look(key, value as Atom);
    return rank;
  }

  /** Of a number or a UUID only the whole is looked for: parts of them are in most rows. */
  private rankOfAtom(base: BaseType | undefined, atom: Atom): Rank | undefined {
    if (typeof atom === 'boolean') return undefined;
    if (typeof atom === 'string' && base?.type !== 'uuid') return this.rankOfText(atom);
    return folded(String(atom)) === this.text ? RANK.VALUE : undefined;
  }

  private rankOfText(text: string): Rank | undefined {
    const ofAddress = this.address === undefined ? undefined : rankOfAddress(this.address, text);
    if (ofAddress === RANK.VALUE) return ofAddress;
    const own = folded(text);
    if (own === this.text) return RANK.VALUE;
    if (!this.mayBePart || !own.includes(this.text)) return ofAddress;
    return this.isMac && own.split(/\s+/).includes(this.text) ? RANK.VALUE : RANK.PART;
  }
}

/** A port has several addresses in one text: each of them is a value. In a match they are parts of it. */
function rankOfAddress(address: Address, text: string): Rank | undefined {
  let rank: Rank | undefined;
  for (const { start, end } of placesOf(address, text)) {
    const isWhole = isEdge(text[start - 1]) && isEdge(text[end]) && !IN_MATCH.test(text);
    rank = best(rank, isWhole ? RANK.VALUE : RANK.PART);
  }
  return rank;
}

function isEdge(character: string | undefined): boolean {
  return character === undefined || SPACE.test(character);
}

function best(one: Rank | undefined, other: Rank | undefined): Rank | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one < other ? one : other;
}
