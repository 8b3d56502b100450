/**
 * References by name: where OVN finds another row by its name instead of its UUID, and their rewriting. Which columns
 * those are stands in name-column.ts.
 */

import { type Atom, compareAtoms, type Row, type Value } from '../row/row.js';
import { CHASSIS_REDIRECT, IMPLICIT_SETS } from './derived-name.js';
import { type MatchName, rewriteMatch } from './match-expression.js';
import { type NameColumn, nameColumns } from './name-column.js';

/** A name as found in a row. */
export interface NameReference {
  readonly column: string;
  /** Tables of which a row may have the name, in the order in which to look. */
  readonly tables: readonly string[];
  readonly name: string;
}

/**
 * The name to write for a name: the same for a row that keeps its name, undefined where none of these tables has a row
 * of that name. Where a text can be read in two ways ("$web_ip4": an address set, or the IPv4 addresses of port group
 * "web") the second is asked for only when the first answer is undefined.
 */
export type Rename = (tables: readonly string[], name: string) => string | undefined;

/** Every name that a row holds, each once; a text that can be read in two ways gives both. */
export function nameReferences(table: string, row: Row): readonly NameReference[] {
  const found = new Map<string, NameReference>();
  const note =
    (column: string) =>
    (tables: readonly string[], name: string): undefined => {
      found.set(`${column} ${tables.join()} ${name}`, { column, tables, name });
    };
  for (const column of nameColumns(table))
    eachText(column, row, (text) => {
      rewriteText(column, text, note(column.column));
    });
  return [...found.values()];
}

/** The row with its names rewritten; the same object when none changes. */
export function rewriteNames(table: string, row: Row, rename: Rename): Row {
  let result = row;
  for (const column of nameColumns(table)) {
    const content = result[column.column];
    if (content === undefined || !applies(column, result)) continue;
    const changed = rewriteValue(column, content, rename);
    if (changed !== content) result = { ...result, [column.column]: changed };
  }
  return result;
}

/**
 * The row without those of its links (a port's other end, the port that it is nested in) that `keep` does not pick, and
 * the links taken away.
 */
export function cutLinks(
  table: string,
  row: Row,
  keep: (tables: readonly string[], name: string) => boolean,
): { readonly row: Row; readonly cut: readonly NameReference[] } {
  const cut: NameReference[] = [];
  let result = row;
  for (const column of nameColumns(table)) {
    if (column.link !== true) continue;
    eachText(column, row, (text) => {
      const names = column.form === 'list' ? text.split(',').map((name) => name.trim()) : [text];
      const lost = names.filter((name) => !keep(column.tables, name));
      if (lost.length === 0) return;
      cut.push(...lost.map((name) => ({ column: column.column, tables: column.tables, name })));
      result = without(result, column);
    });
  }
  return { row: result, cut };
}

function without(row: Row, { column, key }: NameColumn): Row {
  const { [column]: content, ...others } = row;
  if (key === undefined || content === undefined) return others;
  const { [key]: _gone, ...rest } = content as Readonly<Record<string, Atom>>;
  return Object.keys(rest).length === 0 ? others : { ...row, [column]: rest };
}

function applies({ when }: NameColumn, row: Row): boolean {
  return when === undefined || row[when.column] === when.value;
}

function eachText(column: NameColumn, row: Row, look: (text: string) => void): void {
  const content = row[column.column];
  if (content === undefined || !applies(column, row)) return;
  for (const text of textsOf(column, content)) if (typeof text === 'string' && text !== '') look(text);
}

function textsOf({ key }: NameColumn, content: Value): readonly (Atom | undefined)[] {
  if (typeof content !== 'object') return [content];
  if (Array.isArray(content)) return content as readonly Atom[];
  const map = content as Readonly<Record<string, Atom>>;
  return key === undefined ? Object.values<Atom>(map) : [map[key]];
}

function rewriteValue(column: NameColumn, content: Value, rename: Rename): Value {
  const rewrite = (atom: Atom): Atom =>
    typeof atom === 'string' && atom !== '' ? rewriteText(column, atom, rename) : atom;
  if (typeof content !== 'object') return rewrite(content);
  if (Array.isArray(content)) {
    const atoms = content as readonly Atom[];
    const changed = atoms.map(rewrite);
    return changed.every((atom, i) => atom === atoms[i]) ? atoms : [...new Set(changed)].sort(compareAtoms);
  }
  const entries = Object.entries(content as Readonly<Record<string, Atom>>);
  const changed = entries.map(([key, value]): [string, Atom] => [
    key,
    column.key === undefined || column.key === key ? rewrite(value) : value,
  ]);
  return changed.every(([, value], i) => value === entries[i]?.[1]) ? content : Object.fromEntries(changed);
}

function rewriteText({ form, tables }: NameColumn, text: string, rename: Rename): string {
  switch (form) {
    case 'name':
      return rename(tables, text) ?? text;
    case 'list':
      return text
        .split(',')
        .map((part) => part.replace(/[^\s]+(?:\s+[^\s]+)*/, (name) => rename(tables, name) ?? name))
        .join(',');
    case 'backend': {
      const colon = text.indexOf(':');
      const name = colon < 0 ? text : text.slice(0, colon);
      return name === '' ? text : `${rename(tables, name) ?? name}${text.slice(name.length)}`;
    }
    case 'match':
      return rewriteMatch(text, (name) => renameInMatch(name, tables, rename));
  }
}

function renameInMatch({ kind, name }: MatchName, ports: readonly string[], rename: Rename): string | undefined {
  switch (kind) {
    case 'portGroup':
      return rename(['Port_Group'], name);
    case 'addressSet': {
      const suffix = IMPLICIT_SETS.find((ending) => name.length > ending.length && name.endsWith(ending));
      return (
        rename(['Address_Set'], name) ??
        (suffix === undefined ? undefined : affixed('', rename(['Port_Group'], name.slice(0, -suffix.length)), suffix))
      );
    }
    case 'port': {
      const isRedirect = name.length > CHASSIS_REDIRECT.length && name.startsWith(CHASSIS_REDIRECT);
      return (
        rename(ports, name) ??
        (isRedirect
          ? affixed(
              CHASSIS_REDIRECT,
              rename(['Logical_Router_Port', 'Logical_Switch_Port'], name.slice(CHASSIS_REDIRECT.length)),
              '',
            )
          : undefined)
      );
    }
  }
}

function affixed(before: string, name: string | undefined, after: string): string | undefined {
  return name === undefined ? undefined : `${before}${name}${after}`;
}
