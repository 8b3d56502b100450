/** The file store is a store as any other; what is on the disk: test/functional/backup/file-store.test.ts. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/lib/clock.js';
import { FileStore } from '../../../src/store/file/file-store.js';
import { keepsTheContractOfStores } from './store-contract.js';

const folders: string[] = [];

keepsTheContractOfStores(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ovncp-store-'));
  folders.push(folder);
  return FileStore.open(folder, { clock: systemClock });
});

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});
