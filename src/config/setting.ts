/** What a setting is called: a variable of the environment, and the same in the configuration file. */
import { z } from 'zod';
import { VARIABLES } from './variable.js';

export const SHAPE = z.object(VARIABLES);
export type Values = z.output<typeof SHAPE>;
export type Name = keyof typeof VARIABLES;
export const NAMES = Object.keys(VARIABLES) as readonly Name[];

/** As somebody has given it. */
export interface Given {
  readonly text: string;
  /** What messages call it: PORT, or port where the file says so. */
  readonly name: string;
  /** Where a message of a fault begins: PORT, or /etc/ovncp.yaml:12:5: port. */
  readonly place: string;
}

/** The file does not name itself. */
const CONFIG = 'OVNCP_CONFIG' satisfies Name;

/** OVNCP_RATE_PER_TOKEN_PER_MINUTE -> ratePerTokenPerMinute */
export function keyOf(name: string): string {
  return name
    .replace(/^OVNCP_/, '')
    .toLowerCase()
    .replaceAll(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}

/** Key of the file -> variable. */
export const NAME_BY_KEY: ReadonlyMap<string, Name> = new Map(
  NAMES.filter((name) => name !== CONFIG).map((name) => [keyOf(name), name]),
);

/** A mistake in them may be one letter: they are never told. */
export const SECRETS: ReadonlySet<string> = new Set<Name>(['OVNCP_JWT_SECRET']);

/** In an address of the web. */
const PASSWORD = /\/\/[^@/]*@/g;
const VALUE_CHARACTERS_MAX = 200;

/** What is wrong, behind the value unless the message quotes the part of it that is wrong. */
export function faultOf({ place, text }: Pick<Given, 'place' | 'text'>, message: string, isSecret = false): string {
  const value = text.replaceAll(PASSWORD, '//***@').slice(0, VALUE_CHARACTERS_MAX);
  const quoted = isSecret || text === '' || message.startsWith('"') ? '' : `"${value}" `;
  return `${place}: ${quoted}${message}`.replaceAll(/\s*\n\s*/g, ' ');
}
