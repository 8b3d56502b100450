/** The change log of a restore: what is read is what was written, whatever is in it and however long it is. */
import fc from 'fast-check';
import type { RowChange, WholeRowChange } from '../../../src/engine/plan/plan-changes.js';
import type { KeptChange } from '../../../src/engine/undo/undo.js';
import { readKeptChanges, writeChangeLog } from '../../../src/service/change/change-log.js';
import { lawRuns } from '../../support/law-runs.js';
import { MemoryStore } from '../../support/stores/memory-store.js';

const UUID = 'aaaaaaaa-0000-4000-8000-000000000001';
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('ü'.repeat(40_000), 'x'.repeat(90_000)),
);
const part = { table: fc.constantFrom('ACL', 'Größe'), label: text };

it('gives back every change as it was written', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.record({ ...part, value: text, isWhole: fc.boolean() }), { maxLength: 8 }), (rows) =>
      isKept(rows),
    ),
    { numRuns: lawRuns(40) },
  ));

async function isKept(
  rows: readonly {
    readonly table: string;
    readonly label: string;
    readonly value: string;
    readonly isWhole: boolean;
  }[],
): Promise<void> {
  // the bytes of a row are valid until the next one is asked for
  const bytes = Buffer.alloc(300_000);
  async function* changes(): AsyncGenerator<RowChange | WholeRowChange> {
    for (const { table, label, value, isWhole } of rows) {
      const length = bytes.write(JSON.stringify({ name: value }));
      yield isWhole
        ? { kind: 'INSERT', table, label, uuid: UUID, row: bytes.subarray(0, length) }
        : { kind: 'INSERT', table, label, uuid: UUID, columns: [{ column: 'name', after: value }] };
    }
  }
  const store = new MemoryStore();
  const log = await writeChangeLog(store, 'log', changes());
  const read: KeptChange[] = [];
  for await (const change of readKeptChanges(store, log)) read.push(change);
  expect(read).toEqual(
    rows.map(({ table, label, value }) => ({
      kind: 'INSERT',
      table,
      label,
      uuid: UUID,
      columns: [{ column: 'name', after: value }],
    })),
  );
}
