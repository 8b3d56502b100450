/**
 * Many clients at once, for a few seconds: nothing that comes back is wrong, and nothing is left behind. How fast it
 * is, is asked by `node test/bench/load.mjs`, which this runs.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../support/clients/command.js';
import { ensureBuilt } from '../../support/servers/server-process.js';

const LOAD = fileURLToPath(new URL('../../bench/load.mjs', import.meta.url));
const OPERATIONS = [
  'listRest',
  'listEverything',
  'listGraphql',
  'readRest',
  'readGraphql',
  'ready',
  'createRest',
  'createGraphql',
  'createWatched',
  'delete',
  'export',
  'exportRaw',
  'validate',
  'dryRun',
];

interface Found {
  readonly counts: Readonly<Record<string, number>>;
  readonly faultCount: number;
  readonly faults: readonly string[];
  readonly backupsLeft: number;
  readonly auditLines: number;
  readonly watchers: number;
  readonly restores: number;
  readonly events: number;
}

it('serves fifty clients that list, read, make, export, validate, try out and watch, without a fault', async () => {
  await ensureBuilt();
  const folder = await mkdtemp(join(tmpdir(), 'ovncp-load-'));
  try {
    const words = [
      '--clients',
      '50',
      '--seconds',
      '4',
      '--rows',
      '300',
      '--think-ms',
      '200',
      '--idle-seconds',
      '0',
      '--json',
    ];
    const { code, stdout, stderr } = await runCommand([process.execPath, LOAD, ...words], { folder });
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stderr: '' });
    const found = JSON.parse(stdout) as Found;
    expect({ faultCount: found.faultCount, faults: found.faults }).toEqual({ faultCount: 0, faults: [] });
    expect(Object.keys(found.counts).sort()).toEqual([...OPERATIONS].sort());
    const { createRest = 0, createGraphql = 0, createWatched = 0, listRest = 0 } = found.counts;
    expect(listRest).toBeGreaterThan(0);
    const made = createRest + createGraphql + createWatched;
    expect(made).toBeGreaterThan(0);
    // ten are there before the load begins; a backup or its deletion is a line each, at least
    expect(found.backupsLeft).toBeGreaterThan(0);
    expect(found.backupsLeft).toBeLessThanOrEqual(10 + made);
    expect(found.auditLines).toBeGreaterThanOrEqual(10 + made);
    expect(found.watchers).toBe(10);
    expect(found.events).toBeGreaterThanOrEqual(found.watchers * found.restores);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
