/**
 * How a face spells the names of members and values. Commands have their own spelling (encryptionKey, SELECTIVE); texts
 * write it in backticks, and each caller reads the same text in the spelling that it uses itself. Pure.
 */
export interface Spelling {
  readonly member: (name: string) => string;
  readonly value: (name: string) => string;
}

/** That of the commands themselves. */
export const OWN_SPELLING: Spelling = { member: (name) => name, value: (name) => name };

/** A spelling in which some members have quite another name. */
export function renamed(spelling: Spelling, names: Readonly<Record<string, string>>): Spelling {
  return { ...spelling, member: (name) => names[name] ?? spelling.member(name) };
}

/** A text as the caller reads it: `encryptionKey` is a member, `SELECTIVE` a value. */
export function spelled(text: string, { member, value }: Spelling): string {
  return text.replaceAll(/`(\w+)`/g, (_quoted, name: string) => (/^[A-Z_]+$/.test(name) ? value(name) : member(name)));
}
