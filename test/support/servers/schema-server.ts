/** A server of an empty database of any schema, also one that is no file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSchema } from '../../../src/ovsdb/database-schema.js';
import { stringifyJson } from '../../../src/ovsdb/json.js';
import { startOvsdbServer, type TestServer } from './ovsdb-server.js';

export async function serverOf(schema: DatabaseSchema): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'ovncp-schema-'));
  try {
    await writeFile(join(folder, 'any.ovsschema'), stringifyJson(schema.json));
    return await startOvsdbServer({ database: join(folder, 'any.ovsschema') });
  } finally {
    await rm(folder, { recursive: true });
  }
}
