/**
 * Operations of `transact` (RFC 7047, section 5.2) as JSON text.
 * Requests are made as text, operation by operation: a restore may hold hundreds of thousands.
 */

/** A row's columns in wire notation, as JSON text: {"name":"web","ports":["set",[]]}. */
export type WireRowText = string;

/** The conditions that pick rows, as JSON text: [["_uuid","==",["uuid","..."]]]. */
export type WhereText = string;

const quote = JSON.stringify as (text: string) => string;

export const EVERY_ROW: WhereText = '[]';

/** Picks one row. */
export function whereUuid(uuid: string): WhereText {
  return whereRow(uuid);
}

/** Picks one row, if it meets the conditions too. */
export function whereRow(uuid: string, conditions: readonly string[] = []): WhereText {
  return `[${[`["_uuid","==",["uuid","${uuid}"]]`, ...conditions].join(',')}]`;
}

/** @param value in wire notation, as JSON text */
export function condition(column: string, relation: 'includes' | 'excludes' | '==' | '!=', value: string): string {
  return `[${quote(column)},"${relation}",${value}]`;
}

/** Picks the rows of which a column has this value. @param value in wire notation, as JSON text */
export function whereEquals(column: string, value: string): WhereText {
  return `[${condition(column, '==', value)}]`;
}

/** @param columns undefined for all */
export function selectOperation(table: string, where: WhereText, columns?: readonly string[]): string {
  const wanted = columns === undefined ? '' : `,"columns":${JSON.stringify(columns)}`;
  return `{"op":"select","table":${quote(table)},"where":${where}${wanted}}`;
}

/** Makes selects of single rows of one table, of which there are many. */
export function rowSelector(table: string, columns: readonly string[]): (uuid: string) => string {
  const head = `{"op":"select","table":${quote(table)},"where":`;
  const tail = `,"columns":${JSON.stringify(columns)}}`;
  return (uuid) => `${head}${whereUuid(uuid)}${tail}`;
}

export function insertOperation(table: string, uuid: string, row: WireRowText): string {
  return `{"op":"insert","table":${quote(table)},"uuid":"${uuid}","row":${row}}`;
}

export function updateOperation(table: string, uuid: string, row: WireRowText): string {
  return `{"op":"update","table":${quote(table)},"where":${whereUuid(uuid)},"row":${row}}`;
}

/**
 * Counts the rows of a table: an update of no column, which changes nothing and is written to no log. OVSDB has no
 * other way to count that sends no rows.
 */
export function countOperation(table: string): string {
  return `{"op":"update","table":${quote(table)},"where":${EVERY_ROW},"row":{}}`;
}

export function deleteOperation(table: string, uuid: string): string {
  return `{"op":"delete","table":${quote(table)},"where":${whereUuid(uuid)}}`;
}

/** @param mutations wire text of a list of [column, mutator, value] */
export function mutateOperation(table: string, uuid: string, mutations: string): string {
  return mutateRowsOperation(table, whereUuid(uuid), mutations);
}

/** @param mutations as of mutateOperation */
export function mutateRowsOperation(table: string, where: WhereText, mutations: string): string {
  return `{"op":"mutate","table":${quote(table)},"where":${where},"mutations":${mutations}}`;
}

/**
 * One of the mutations of mutateOperation: members inserted into a set or map, or deleted from it, or a number added.
 * @param value wire text
 */
export function mutation(column: string, mutator: 'insert' | 'delete' | '+=', value: string): string {
  return `[${quote(column)},"${mutator}",${value}]`;
}

/** Aborts the transaction at once unless the rows that `where` picks have exactly these columns. */
export function waitOperation(table: string, where: WhereText, columns: readonly string[], rows: string): string {
  const compared = `"columns":${JSON.stringify(columns)},"until":"==","rows":${rows}`;
  return `{"op":"wait","table":${quote(table)},"timeout":0,"where":${where},${compared}}`;
}

export function commentOperation(comment: string): string {
  return `{"op":"comment","comment":${quote(comment)}}`;
}

export const COMMIT_DURABLY = '{"op":"commit","durable":true}';
