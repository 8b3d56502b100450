/**
 * Undoing a restore where others have taken meanwhile what it would give back: a name, the one place of a table, a row
 * that another cannot be without. By force the undo goes through, and says what it leaves.
 */
import fc from 'fast-check';
import type { DatabaseSchema } from '../../../src/ovsdb/database-schema.js';
import { snapshotOf, type Tables, textsOf } from '../../support/databases/every-kind.js';
import { randomDatabase } from '../../support/databases/random-database.js';
import { everySchema, withoutOwnRules } from '../../support/databases/schema-rows.js';
import { lawRuns } from '../../support/law-runs.js';
import { startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { serverOf } from '../../support/servers/schema-server.js';
import { become, UndoStory } from '../../support/servers/undo-story.js';

const u = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const { file, schema } = everySchema().at(-1) as { file: string; schema: DatabaseSchema };

let server: TestServer;
beforeAll(async () => {
  server = await startOvsdbServer({ database: file });
});
afterAll(async () => {
  await server.stop();
});

interface Expected {
  readonly before: Tables;
  readonly restored: Tables;
  readonly live: Tables;
  readonly undone: Tables;
  readonly says: readonly string[];
}

/** STRICT names the conflicts; FORCE and PARTIAL go through and warn in the same words. */
async function expectUndo({ before, restored, live, undone, says }: Expected): Promise<void> {
  for (const mode of ['FORCE', 'PARTIAL'] as const) {
    const story = await UndoStory.tell(server.remote, schema, before, restored, live);
    const { conflicts } = await story.look('STRICT');
    expect(conflicts.map(({ code, message }) => [code, message])).toEqual(says.map((message) => ['CONFLICT', message]));
    const { after, warnings } = await story.undo(mode);
    expect(warnings).toEqual(says);
    expect(textsOf(after)).toEqual(textsOf(snapshotOf(schema, undone)));
  }
}

const acl = (match: string): { match: string; action: string; direction: string; priority: number } => ({
  match,
  action: 'drop',
  direction: 'to-lport',
  priority: 1,
});

describe('an undo by force', () => {
  it('is never refused by the server, whatever others wrote', async () => {
    const anything = withoutOwnRules(schema);
    await using any = await serverOf(anything);
    let left = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { minLength: 3, maxLength: 3 }), async (seeds) => {
        const [before, restored, live] = seeds.map((seed) =>
          randomDatabase(anything, seed, { rows: 4, share: 0.7 }),
        ) as [Tables, Tables, Tables];
        const story = await UndoStory.tell(any.remote, anything, before, restored, live);
        const { target, warnings } = await story.look('FORCE');
        await become(story.engine, target);
        if (warnings.length > 0) left++;
      }),
      { seed: 1, numRuns: lawRuns(10) },
    );
    expect(left).toBeGreaterThan(lawRuns(5));
  });
});

describe('an undo', () => {
  it('does not put back a port whose name another has, nor what refers to it', async () => {
    const others = { [u(1)]: { name: 'web' }, [u(2)]: { name: 'other' } };
    await expectUndo({
      before: {
        Logical_Switch: { ...others, [u(1)]: { name: 'web', ports: [u(11), u(12)] } },
        Logical_Switch_Port: { [u(11)]: { name: 'p1' }, [u(12)]: { name: 'p2' } },
        Port_Group: { [u(21)]: { name: 'pg', ports: [u(11), u(12)] } },
      },
      restored: { Logical_Switch: others, Port_Group: { [u(21)]: { name: 'pg' } } },
      live: {
        Logical_Switch: { ...others, [u(2)]: { name: 'other', ports: [u(13)] } },
        Logical_Switch_Port: { [u(13)]: { name: 'p1' } },
        Port_Group: { [u(21)]: { name: 'pg' } },
      },
      undone: {
        Logical_Switch: { [u(1)]: { name: 'web', ports: [u(12)] }, [u(2)]: { name: 'other', ports: [u(13)] } },
        Logical_Switch_Port: { [u(12)]: { name: 'p2' }, [u(13)]: { name: 'p1' } },
        Port_Group: { [u(21)]: { name: 'pg', ports: [u(12)] } },
      },
      says: [
        `port "p1" is not put back, and references to it are left out: another row, port "p1" (${u(13)}), has the same name now`,
      ],
    });
  });

  it('does not put back what only a row holds that is left out', async () => {
    const live: Tables = { Port_Group: { [u(22)]: { name: 'pg', external_ids: { by: 'others' } } } };
    await expectUndo({
      before: { Port_Group: { [u(21)]: { name: 'pg', acls: [u(31)] } }, ACL: { [u(31)]: acl('ip4') } },
      restored: {},
      live,
      undone: live,
      says: [
        `port group "pg" is not put back, and references to it are left out: another row, port group "pg" (${u(22)}), has the same name now`,
        'ACL to-lport 1 ip4 is not put back, and references to it are left out: the row that held it is not there',
      ],
    });
  });

  it('leaves a row as it is whose former name another has, with what it holds now', async () => {
    const renamed = { [u(21)]: { name: 'pg_new', acls: [u(32)] } };
    await expectUndo({
      before: { Port_Group: { [u(21)]: { name: 'pg', acls: [u(31)] } }, ACL: { [u(31)]: acl('ip4') } },
      restored: { Port_Group: renamed, ACL: { [u(32)]: acl('ip6') } },
      live: { Port_Group: { ...renamed, [u(22)]: { name: 'pg' } }, ACL: { [u(32)]: acl('ip6') } },
      undone: { Port_Group: { ...renamed, [u(22)]: { name: 'pg' } }, ACL: { [u(32)]: acl('ip6') } },
      says: [
        'ACL to-lport 1 ip6 is in use now, and stays: port group "pg_new" refers to it in acls',
        `port group "pg" is left as it is: another row, port group "pg" (${u(22)}), has the same name now`,
        'ACL to-lport 1 ip4 is not put back, and references to it are left out: the row that held it is not there',
      ],
    });
  });

  it('lets each row of a ring keep its name where one cannot have its own back', async () => {
    const sets = (names: readonly string[]): Tables => ({
      Address_Set: Object.fromEntries(names.map((name, i) => [u(40 + i), { name }])),
    });
    await expectUndo({
      before: sets(['a', 'b', 'c', 'd']),
      restored: sets(['b', 'c', 'd', 'e']),
      live: { Address_Set: { ...sets(['b', 'c', 'd', 'e'])['Address_Set'], [u(50)]: { name: 'a' } } },
      undone: { Address_Set: { ...sets(['b', 'c', 'd', 'e'])['Address_Set'], [u(50)]: { name: 'a' } } },
      says: [
        [0, 50, 'a'],
        [1, 40, 'b'],
        [2, 41, 'c'],
        [3, 42, 'd'],
      ].map(
        ([, by, name]) =>
          `address set "${String(name)}" is left as it is: another row, address set "${String(name)}" (${u(Number(by))}), has the same name now`,
      ),
    });
  });

  it('leaves a row where it is, and what holds it, if the row that held it before cannot come back', async () => {
    const live: Tables = {
      Port_Group: { [u(22)]: { name: 'pg_new', acls: [u(31)] }, [u(23)]: { name: 'pg' } },
      ACL: { [u(31)]: acl('ip4') },
    };
    await expectUndo({
      before: { Port_Group: { [u(21)]: { name: 'pg', acls: [u(31)] } }, ACL: { [u(31)]: acl('ip4') } },
      restored: { Port_Group: { [u(22)]: { name: 'pg_new', acls: [u(31)] } }, ACL: { [u(31)]: acl('ip4') } },
      live,
      undone: live,
      says: [
        'port group "pg_new" is in use now, and stays: it holds ACL to-lport 1 ip4',
        `port group "pg" is not put back, and references to it are left out: another row, port group "pg" (${u(23)}), has the same name now`,
      ],
    });
  });

  it('does not put back a row that cannot be without one that is left out', async () => {
    const switches: Tables[string] = { [u(1)]: { name: 'web' }, [u(2)]: { name: 'other', ports: [u(13)] } };
    await expectUndo({
      before: {
        Logical_Switch: { [u(1)]: { name: 'web', ports: [u(11)] }, [u(2)]: { name: 'other' } },
        Logical_Switch_Port: { [u(11)]: { name: 'p1' } },
        Network_Function: { [u(51)]: { name: 'nf', id: 1, inport: u(11), outport: u(11) } },
        Network_Function_Group: { [u(61)]: { name: 'nfg', id: 1, mode: 'inline', network_function: [u(51)] } },
      },
      restored: {
        Logical_Switch: { [u(1)]: { name: 'web' }, [u(2)]: { name: 'other' } },
        Network_Function_Group: { [u(61)]: { name: 'nfg', id: 1, mode: 'inline' } },
      },
      live: {
        Logical_Switch: switches,
        Logical_Switch_Port: { [u(13)]: { name: 'p1' } },
        Network_Function_Group: { [u(61)]: { name: 'nfg', id: 1, mode: 'inline' } },
      },
      undone: {
        Logical_Switch: switches,
        Logical_Switch_Port: { [u(13)]: { name: 'p1' } },
        Network_Function_Group: { [u(61)]: { name: 'nfg', id: 1, mode: 'inline' } },
      },
      says: [
        `port "p1" is not put back, and references to it are left out: another row, port "p1" (${u(13)}), has the same name now`,
        expect.stringContaining('network function "nf" is not put back, and references to it are left out') as string,
      ],
    });
  });

  it('puts no second row into a table of one', async () => {
    const live: Tables = { NB_Global: { [u(72)]: { name: 'new' } } };
    await expectUndo({
      before: { NB_Global: { [u(71)]: { name: 'old' } }, Address_Set: { [u(40)]: { name: 'a' } } },
      restored: {},
      live,
      undone: { ...live, Address_Set: { [u(40)]: { name: 'a' } } },
      says: [
        'NB_Global "old" is not put back, and references to it are left out: NB_Global "new" is in its place, and the table holds 1 at most',
      ],
    });
  });

  it('takes what northd writes for no use of a row', async () => {
    const ports = { [u(11)]: { name: 'p1' } };
    const Logical_Switch = { [u(1)]: { name: 'web', ports: [u(11)] } };
    const group = { name: 'nfg', id: 1, mode: 'inline' };
    await expectUndo({
      before: { Logical_Switch, Logical_Switch_Port: ports, Network_Function_Group: { [u(61)]: group } },
      restored: {
        Logical_Switch,
        Logical_Switch_Port: ports,
        Network_Function: { [u(51)]: { name: 'nf', id: 1, inport: u(11) } },
        Network_Function_Group: { [u(61)]: { ...group, network_function: [u(51)] } },
      },
      live: {
        Logical_Switch,
        Logical_Switch_Port: ports,
        Network_Function: { [u(51)]: { name: 'nf', id: 1, inport: u(11) } },
        Network_Function_Group: { [u(61)]: { ...group, network_function: [u(51)], network_function_active: u(51) } },
      },
      undone: { Logical_Switch, Logical_Switch_Port: ports, Network_Function_Group: { [u(61)]: group } },
      says: [],
    });
  });

  /** Three switches, and which of them a port is in. */
  const inSwitch = (home: number | undefined, more: Tables[string] = {}): Tables => ({
    Logical_Switch: Object.fromEntries(
      ['web', 'db', 'other'].map((name, i) => [
        u(i + 1),
        { name, ...more[u(i + 1)], ...(home === i + 1 ? { ports: [u(11)] } : {}) },
      ]),
    ),
    Logical_Switch_Port: home === undefined ? {} : { [u(11)]: { name: 'p1' } },
  });

  it('does not take a port back out of the switch that others moved it to', async () => {
    // the rest of the switch that it would come back into is undone
    const note = (text: string): Tables[string] => ({ [u(1)]: { external_ids: { note: text } } });
    await expectUndo({
      before: inSwitch(1, note('before')),
      restored: inSwitch(2, note('after')),
      live: inSwitch(3, note('after')),
      undone: inSwitch(3, note('before')),
      says: ['switch "web" does not get port "p1" back: that is in switch "other" now'],
    });
  });

  it('puts a port back where it was, when others moved it into a switch that goes', async () => {
    const without = (tables: Tables): Tables => ({
      ...tables,
      Logical_Switch: Object.fromEntries(Object.entries(tables['Logical_Switch'] ?? {}).filter(([id]) => id !== u(3))),
    });
    const story = await UndoStory.tell(server.remote, schema, without(inSwitch(1)), inSwitch(2), inSwitch(3));
    const { after, warnings } = await story.undo('FORCE');
    expect(warnings).toEqual(['switch "other" was changed since in ports, and is deleted all the same']);
    expect(textsOf(after)).toEqual(textsOf(snapshotOf(schema, without(inSwitch(1)))));
  });

  it('leaves a port where it is that the restore deleted, and that others made again elsewhere', async () => {
    await expectUndo({
      before: inSwitch(1),
      restored: inSwitch(undefined),
      live: inSwitch(3),
      undone: inSwitch(3),
      says: ['switch "web" does not get port "p1" back: that is in switch "other" now'],
    });
  });

  it('puts a port back into two switches that was in both of them', async () => {
    const both = inSwitch(1);
    const twice: Tables = {
      ...both,
      Logical_Switch: { ...both['Logical_Switch'], [u(2)]: { name: 'db', ports: [u(11)] } },
    };
    await expectUndo({ before: twice, restored: both, live: both, undone: twice, says: [] });
  });

  it('puts a switch back beside one that has its name by now, and says so, also without force', async () => {
    const before: Tables = { Logical_Switch: { [u(1)]: { name: 'tmp' }, [u(2)]: { name: 'kept' } } };
    const restored: Tables = { Logical_Switch: { [u(2)]: { name: 'kept' } } };
    const live: Tables = { Logical_Switch: { [u(2)]: { name: 'kept' }, [u(3)]: { name: 'tmp' } } };
    const story = await UndoStory.tell(server.remote, schema, before, restored, live);
    const { conflicts, warnings } = await story.look('STRICT');
    expect([conflicts, warnings]).toEqual([
      [],
      [`switch "tmp" (${u(1)}) is put back, and ${u(3)} has the same name now`],
    ]);
    const { after } = await story.undo('STRICT');
    const all: Tables = { Logical_Switch: { ...before['Logical_Switch'], ...live['Logical_Switch'] } };
    expect(textsOf(after)).toEqual(textsOf(snapshotOf(schema, all)));
  });

  it('takes addresses that others wrote anew for a change, and by force puts back those of before', async () => {
    const port = (address: string): Tables => ({
      Logical_Switch: { [u(1)]: { name: 'web', ports: [u(11)] } },
      Logical_Switch_Port: { [u(11)]: { name: 'p1', addresses: [address] } },
    });
    const story = await UndoStory.tell(server.remote, schema, port('10.0.0.99'), port('10.0.0.11'), port('10.0.0.88'));
    const says = 'port "p1" was changed since in addresses';
    expect((await story.look('STRICT')).conflicts.map(({ message }) => message)).toEqual([says]);
    const { after, warnings } = await story.undo('FORCE');
    expect(warnings).toEqual([says]);
    expect(textsOf(after)).toEqual(textsOf(snapshotOf(schema, port('10.0.0.99'))));
  });

  it('takes a port out of the switch that came with the restore, if it was in none before', async () => {
    const before: Tables = {
      Logical_Switch_Port: { [u(11)]: { name: 'p1' } },
      Network_Function: { [u(51)]: { name: 'nf', id: 1, inport: u(11), outport: u(11) } },
    };
    const restored: Tables = { ...before, Logical_Switch: { [u(1)]: { name: 'web', ports: [u(11)] } } };
    await expectUndo({ before, restored, live: restored, undone: before, says: [] });
  });
});
