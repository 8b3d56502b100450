/** What the network feels of a restore, with the northd and the servers of each OVN release. */
import {
  common,
  keptRows,
  loseAndRestore,
  meanings,
  restoreByEngine,
  sizes,
  survivors,
} from '../../support/data-plane/lost-switch.js';
import { testEachRelease } from '../../support/releases/each-release.js';
import { note } from '../../support/releases/figures.js';

const ROWS = 600;

await testEachRelease('northd keeps every flow that lived through the loss of a switch', async (release) => {
  const outcome = await loseAndRestore({ rows: ROWS, release, prepare: restoreByEngine });
  const { whole, withoutSwitch, restored, before, after } = outcome;
  expect(sizes(after)).toEqual(sizes(before));
  expect(meanings(restored.flows)).toEqual(meanings(whole.flows));
  const survived = survivors(outcome);
  const kept = common(survived, restored.flows);
  expect(survived.size).toBeGreaterThan(500);
  expect(survived.size).toBeLessThan(whole.flows.size);
  expect(kept.size).toBe(survived.size);
  expect(keptRows(withoutSwitch.ports, restored.ports)).toBe(withoutSwitch.ports.size);
  expect(keptRows(withoutSwitch.datapaths, restored.datapaths)).toBe(withoutSwitch.datapaths.size);
  note({ kind: 'FLOWS', release: release.name, survived: survived.size, kept: kept.size });
});
