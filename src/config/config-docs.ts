/** The tables of docs/configuration.md, made of what the code takes. */
import type { z } from 'zod';
import { ABOUT_VARIABLES, SECTIONS } from './about-variable.js';
import { DATABASE_ENTRY } from './database-entry.js';
import { type Name, SHAPE } from './setting.js';

/** Of `databases`, in the file. */
const DATABASES = 'DATABASES';

/** @param page the text of docs/configuration.md @returns the same with its tables made anew */
export function withTables(page: string): string {
  return [...SECTIONS, DATABASES].reduce((text, section) => {
    const begin = `<!-- made by \`npm run config-docs\`: ${section} -->\n`;
    const [before, rest] = text.split(begin);
    const end = rest?.indexOf('<!-- end -->') ?? -1;
    if (before === undefined || rest === undefined || end < 0)
      throw new Error(`docs/configuration.md has no place for the table ${section}`);
    const table = section === DATABASES ? databaseTable() : variableTable(section);
    return `${before}${begin}${table}${rest.slice(end)}`;
  }, page);
}

function variableTable(section: string): string {
  const initial = SHAPE.parse({});
  const names = (Object.keys(ABOUT_VARIABLES) as Name[]).filter((name) => ABOUT_VARIABLES[name].section === section);
  const rows = names.map((name) => {
    const { takes, meaning } = ABOUT_VARIABLES[name];
    return [`\`${name}\``, shown(initial[name]), takes, meaning];
  });
  return tableOf([['variable', 'default', 'takes', 'meaning'], ...rows]);
}

/** As somebody would write it. */
function shown(value: string | number | readonly unknown[] | undefined): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return '-';
  if (typeof value !== 'object') return `\`${String(value)}\``;
  return `\`${(value as readonly { readonly text: string }[]).map(({ text }) => text).join(',')}\``;
}

function databaseTable(): string {
  const rows = Object.entries(DATABASE_ENTRY.shape).map(([key, type]) => [
    `\`${key}\``,
    aboutOf(type).takes,
    aboutOf(type).description,
  ]);
  return tableOf([['key', 'takes', 'meaning'], ...rows]);
}

function aboutOf(type: z.ZodType): { readonly description: string; readonly takes: string } {
  const { description = '', takes } = type.meta() ?? {};
  return { description, takes: typeof takes === 'string' ? takes : '' };
}

function tableOf([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [line(head), `|${'---|'.repeat(head.length)}\n`, ...rows.map(line)].join('');
}
