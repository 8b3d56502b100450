/** Rows that nothing holds any more after a restore without exact: the plan deletes them, with whatever they held. */
import { snapshotOf, type Tables } from '../../support/databases/every-kind.js';
import { EVERY_REFERENCE } from '../../support/databases/every-reference.js';
import { everySchema } from '../../support/databases/schema-rows.js';
import { keptChanges, OVERWRITE, planBetween, REFUSE, SKIP } from '../../support/servers/engine.js';

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

describe('with every kind of reference', () => {
  const held = (name: string, more: Tables[string][string] = {}): Tables[string][string] => ({ name, ...more });
  const changes = async (backup: Tables, live: Tables, options = OVERWRITE): Promise<readonly string[]> => {
    const plan = await planBetween(snapshotOf(EVERY_REFERENCE, backup), snapshotOf(EVERY_REFERENCE, live), options);
    expect(plan.problems).toEqual([]);
    expect(plan.changeCount).toBe((await keptChanges(plan)).length);
    return (await keptChanges(plan)).map(
      ({ kind, table, columns }) => `${kind} ${table} ${columns.map(({ column }) => column).join()}`,
    );
  };
  const DEEP: Tables = {
    A: { [u(1)]: { name: 'a', one: u(12) }, [u(2)]: { name: 'weak', one: u(13), near: [u(11), u(12)] } },
    Held: { [u(11)]: held('old', { deepest: u(21) }), [u(12)]: held('new'), [u(13)]: held('other') },
    Deep: { [u(21)]: { name: 'deep', self: [u(22)] }, [u(22)]: { name: 'deeper' } },
  };
  const live: Tables = {
    ...DEEP,
    A: { [u(1)]: { name: 'a', one: u(11) }, [u(2)]: { name: 'weak', one: u(13), near: [u(11)] } },
    Held: { [u(11)]: DEEP['Held']?.[u(11)] ?? {}, [u(13)]: held('other') },
  };
  const backup: Tables = {
    A: { [u(1)]: { name: 'a', one: u(12) }, [u(2)]: { name: 'weak', one: u(13) } },
    Held: { [u(12)]: held('new'), [u(13)]: held('other') },
  };

  it('deletes what a row held that goes, and says who loses a weak reference to it', async () => {
    expect(await changes(backup, live)).toEqual([
      'UPDATE A one',
      'UPDATE A near',
      'DELETE Deep name,self',
      'DELETE Deep name',
      'INSERT Held name',
      'DELETE Held deepest,name',
    ]);
  });

  it.each([SKIP, REFUSE])('lets nothing live go under another policy: %j', async (options) => {
    const plan = await planBetween(snapshotOf(EVERY_REFERENCE, backup), snapshotOf(EVERY_REFERENCE, live), options);
    expect(plan.tables.flatMap(({ deletes }) => [...deletes])).toEqual([]);
    expect(plan.problems.length > 0).toBe(options === REFUSE);
  });

  it('deletes what a key of a map held', async () => {
    const map = (uuid: string): Tables => ({
      C: { [u(3)]: { name: 'c', map: { key: uuid } } },
      Held: { [uuid]: held(uuid) },
    });
    expect(await changes(map(u(12)), map(u(11)))).toEqual(['UPDATE C map', 'INSERT Held name', 'DELETE Held name']);
  });
});
