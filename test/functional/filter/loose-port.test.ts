/**
 * A port that a filter needs and that is in no switch any more: a network function alone keeps it in the database. It
 * goes back into the switch that had it, though the filter does not pick that one.
 */
import type { PlanOptions } from '../../../src/engine/plan/table-plan.js';
import type { Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { everySchema } from '../../support/databases/schema-rows.js';
import { Engine, OVERWRITE, REFUSE, SKIP } from '../../support/servers/engine.js';
import { serverOf } from '../../support/servers/schema-server.js';
import { become } from '../../support/servers/undo-story.js';

const u = (number: number): string => `0000000${number}-0000-4000-8000-000000000000`;
const PART = { switches: ['web'] };

/** Switch web has an ACL that leads through a network function, whose port is in switch nf. */
const network = (ports: readonly string[]): Tables => ({
  Logical_Switch: { [u(1)]: { name: 'web', acls: [u(3)] }, [u(2)]: { name: 'nf', ...(ports.length > 0 && { ports }) } },
  ACL: {
    [u(3)]: { direction: 'from-lport', priority: 1, match: 'ip4', action: 'allow', network_function_group: u(4) },
  },
  Network_Function_Group: { [u(4)]: { name: 'group', id: 1, mode: 'inline', network_function: [u(5)] } },
  Network_Function: { [u(5)]: { name: 'function', id: 1, inport: u(6), outport: u(6) } },
  Logical_Switch_Port: { [u(6)]: { name: 'in' } },
});

it('goes back with OVERWRITE; SKIP leaves it, and ERROR refuses', async () => {
  const newest = everySchema().find(({ release }) => release === 'main');
  if (newest === undefined) throw new Error('no schema of main');
  await using server = await serverOf(newest.schema);
  const engine = new Engine(server.remote);
  const whole: Snapshot = snapshotOf(newest.schema, network([u(6)]));
  await become(engine, snapshotOf(newest.schema, network([])));
  const planned = async (options: PlanOptions) => engine.planPart(whole, options, PART);
  expect((await planned(SKIP)).changeCount).toBe(0);
  expect((await planned(REFUSE)).problems.map(({ message }) => message)).toEqual([
    'switch "nf" differs from the backup in ports',
  ]);
  const plan = await planned(OVERWRITE);
  expect([plan.problems, plan.warnings, plan.changeCount]).toEqual([[], [], 1]);
  await engine.apply(plan);
  expect((await engine.verify(plan)).problems).toEqual([]);
  expect((await planned(REFUSE)).problems).toEqual([]);
});
