/** Rows that a restore without exact takes out of single-valued columns: deleted where nothing holds them any more. */
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { everySchema } from '../../support/databases/schema-rows.js';
import { keptChanges, OVERWRITE, planBetween } from '../../support/servers/engine.js';

const u = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const schema = everySchema().at(-1)?.schema as Parameters<typeof snapshotOf>[0];

/** Two ACLs of a switch and what samples they have; and the samples. */
function samples(first: number, second: number, ...others: readonly number[]): Tables {
  const acl = (match: string, sample: number): Tables[string][string] => ({
    action: 'drop',
    direction: 'to-lport',
    priority: 1,
    match,
    sample_new: u(sample),
  });
  return {
    Logical_Switch: { [u(1)]: { name: 'web', acls: [u(11), u(12)] } },
    ACL: { [u(11)]: acl('ip4', first), [u(12)]: acl('ip6', second) },
    Sample: Object.fromEntries([first, second, ...others].map((n) => [u(n), { metadata: n }])),
  };
}

async function deleted(backup: Tables, live: Tables): Promise<readonly string[]> {
  const plan = await planBetween(snapshotOf(schema, backup), snapshotOf(schema, live), OVERWRITE);
  expect(plan.problems).toEqual([]);
  return (await keptChanges(plan)).filter(({ kind }) => kind === 'DELETE').map(({ uuid }) => uuid);
}

describe('a sample that an ACL gives up', () => {
  it('goes when it was the only one to hold it', async () => {
    expect(await deleted(samples(21, 22), samples(23, 22))).toEqual([u(23)]);
  });

  it('goes when all that held it give it up', async () => {
    expect(await deleted(samples(21, 21), samples(23, 23))).toEqual([u(23)]);
  });

  it('stays while another holds it', async () => {
    const live = samples(23, 22);
    const other = { [u(2)]: { name: 'other', acls: [u(13)] } };
    const held = { [u(13)]: { action: 'drop', direction: 'to-lport', priority: 2, match: 'ip4', sample_est: u(23) } };
    expect(
      await deleted(samples(21, 22), {
        ...live,
        Logical_Switch: { ...live['Logical_Switch'], ...other },
        ACL: { ...live['ACL'], ...held },
      }),
    ).toEqual([]);
  });

  it('stays when one takes it over from the other', async () => {
    expect(await deleted(samples(21, 23), samples(23, 22))).toEqual([u(22)]);
  });
});
