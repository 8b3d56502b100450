/**
 * Operations of `transact` (RFC 7047, section 5.2) as JSON text, and the reading of the reply.
 * Requests are made as text, operation by operation: a restore may hold hundreds of thousands.
 */
import { readError } from './connection.js';
import { OvsdbError } from './error.js';
import { isObject, type Json, parseJson, stringifyJson } from './json.js';

/** A row's columns in wire notation, as JSON text: {"name":"web","ports":["set",[]]}. */
export type WireRowText = string;

const quote = JSON.stringify as (text: string) => string;

export function insertOperation(table: string, uuid: string, row: WireRowText): string {
  return `{"op":"insert","table":${quote(table)},"uuid":"${uuid}","row":${row}}`;
}

export function updateOperation(table: string, uuid: string, row: WireRowText): string {
  return `{"op":"update","table":${quote(table)},"where":[["_uuid","==",["uuid","${uuid}"]]],"row":${row}}`;
}

export function deleteOperation(table: string, uuid: string): string {
  return `{"op":"delete","table":${quote(table)},"where":[["_uuid","==",["uuid","${uuid}"]]]}`;
}

/** @param mutations wire text of a list of [column, mutator, value] */
export function mutateOperation(table: string, uuid: string, mutations: string): string {
  return `{"op":"mutate","table":${quote(table)},"where":[["_uuid","==",["uuid","${uuid}"]]],"mutations":${mutations}}`;
}

/**
 * One of the mutations of mutateOperation: members inserted into a set or map, or deleted from it.
 * @param value wire text
 */
export function mutation(column: string, mutator: 'insert' | 'delete', value: string): string {
  return `[${quote(column)},"${mutator}",${value}]`;
}

/** Aborts the transaction at once unless the rows that `where` picks have exactly these columns. */
export function waitOperation(table: string, where: string, columns: readonly string[], rows: string): string {
  const compared = `"columns":${JSON.stringify(columns)},"until":"==","rows":${rows}`;
  return `{"op":"wait","table":${quote(table)},"timeout":0,"where":${where},${compared}}`;
}

export function commentOperation(comment: string): string {
  return `{"op":"comment","comment":${quote(comment)}}`;
}

export const COMMIT_DURABLY = '{"op":"commit","durable":true}';

const FAILED_OPERATION = Buffer.from('"error":"');
const NO_ERROR = Buffer.from('"error":null');

/**
 * Reads the reply to a transact.
 * @throws OvsdbError of the first operation that failed; its number is the number of operations
 *   when the failure came at commit
 */
export function checkTransactReply(reply: Buffer): void {
  // the results of a large restore are megabytes that say "fine": no need to make objects of them
  if (!reply.includes(FAILED_OPERATION) && reply.includes(NO_ERROR)) return;
  transactResults(reply);
}

/** The result of each operation. @throws OvsdbError as checkTransactReply */
export function transactResults(reply: Buffer): readonly Json[] {
  const message = parseJson(reply.toString());
  if (!isObject(message)) throw new OvsdbError('not a reply', reply.toString('utf8', 0, 200));
  const error = message['error'] ?? null;
  if (error !== null) throw readError(error);
  const results = message['result'];
  if (!Array.isArray(results)) throw new OvsdbError('not a reply', stringifyJson(message).slice(0, 200));
  results.forEach((result: Json, index) => {
    if (isObject(result) && result['error'] !== undefined) throw readError(result, index);
  });
  return results as readonly Json[];
}
