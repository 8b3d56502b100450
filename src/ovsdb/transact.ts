/**
 * Small transactions, such as those that only read: sent whole, answered whole. A restore writes its own
 * (engine/apply).
 */
import type { Connection, RequestOptions } from './connection.js';
import type { Json } from './json.js';
import { transactResults } from './reply.js';

/** The params of `transact` as JSON text. */
export function transactParams(database: string, operations: readonly string[]): string {
  return `[${[JSON.stringify(database), ...operations].join(',')}]`;
}

/**
 * Has a transaction carried out.
 * @returns the result of each operation
 * @throws OvsdbError of the first operation that failed, ConnectionError
 */
export async function transact(
  connection: Connection,
  database: string,
  operations: readonly string[],
  options: RequestOptions,
): Promise<readonly Json[]> {
  return transactResults(await connection.call('transact', [transactParams(database, operations)], options));
}
