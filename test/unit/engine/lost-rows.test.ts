/** Documents that were edited so that rows hang in the air. */
import { withoutUnheld } from '../../../src/engine/adapt/lost-rows.js';
import { Breath } from '../../../src/lib/breath.js';
import { snapshotOf, type Tables, textsOf } from '../../support/databases/every-kind.js';
import { everySchema } from '../../support/databases/schema-rows.js';

const SCHEMA = everySchema().at(-1)?.schema;
const u = (name: string): string =>
  `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000000`;

const HELD: Tables = {
  Logical_Switch: { [u('s')]: { name: 's', acls: [u('a')] } },
  ACL: { [u('a')]: { direction: 'to-lport', priority: 1, match: 'ip4', action: 'drop' } },
};

async function left(
  given: Tables,
): Promise<{ rows: Readonly<Record<string, unknown>>; notes: readonly string[]; isSame: boolean }> {
  if (SCHEMA === undefined) throw new Error('there is no schema');
  const backup = snapshotOf(SCHEMA, given);
  const { snapshot, notes } = await withoutUnheld(backup, new Breath());
  const rows = Object.fromEntries(
    Object.entries(textsOf(snapshot)).filter(([, texts]) => Object.keys(texts).length > 0),
  );
  return { rows, notes, isSame: snapshot === backup };
}

it('leaves a document whole that hangs together, as it is', async () => {
  const { rows, notes, isSame } = await left(HELD);
  expect(Object.keys(rows)).toEqual(['ACL', 'Logical_Switch']);
  expect([notes, isSame]).toEqual([[], true]);
});

it('leaves out rows that nothing holds, what only those hold, and weak references to them, and says how many', async () => {
  const whole = await left(HELD);
  const { rows, notes, isSame } = await left({
    ...HELD,
    ACL: { ...HELD['ACL'], [u('b')]: { direction: 'to-lport', priority: 2, match: 'ip6', action: 'drop' } },
    Logical_Router_Port: {
      [u('p')]: { name: 'p', mac: '00:00:00:00:00:01', networks: ['10.0.0.1/24'], gateway_chassis: [u('g')] },
    },
    Gateway_Chassis: { [u('g')]: { name: 'g', chassis_name: 'c' } },
    Logical_Switch_Port: { [u('q')]: { name: 'q' }, [u('r')]: { name: 'r' } },
    Port_Group: { [u('o')]: { name: 'o', ports: [u('q')] } },
  });
  expect(rows).toEqual({ ...whole.rows, Port_Group: { [u('o')]: '{"name":"o"}' } });
  expect(isSame).toBe(false);
  expect([...notes].sort()).toEqual([
    'Left out: ACL rows that no row holds any more (1)',
    'Left out: gateway chassis rows that no row holds any more (1)',
    'Left out: port rows that no row holds any more (2)',
    'Left out: router port rows that no row holds any more (1)',
  ]);
});
