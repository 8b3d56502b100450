/** Restores across releases against real servers, one for each schema from 20.03 to main. */
import { adapt } from '../../../src/engine/adapt/adapt.js';
import { Breath } from '../../../src/lib/breath.js';
import { countRows, type Snapshot } from '../../../src/model/snapshot/snapshot.js';
import { StoredRows } from '../../../src/model/snapshot/stored-rows.js';
import { failureOf, textsOf } from '../../support/databases/every-kind.js';
import { everySchema, rowsOfSchema } from '../../support/databases/schema-rows.js';
import { compareDatabases, dumpDatabase, emptyDatabase } from '../../support/judge/judge.js';
import { Engine, EXACT, OVERWRITE, planBetween } from '../../support/servers/engine.js';
import { startOvsdbServer } from '../../support/servers/ovsdb-server.js';

const SCHEMAS = everySchema();
const [OLDEST, NEWEST] = [SCHEMAS[0], SCHEMAS[SCHEMAS.length - 1]].map((known) =>
  rowsOfSchema(known?.schema ?? (SCHEMAS[0]?.schema as never)),
) as [Snapshot, Snapshot];

describe('a database of another release', () => {
  it.each(SCHEMAS)(
    'takes the newest and the oldest backup, and what it cannot hold only with force: $release',
    async ({ file, schema }) => {
      await using server = await startOvsdbServer({ database: file });
      const engine = new Engine(server.remote);
      for (const backup of [NEWEST, OLDEST]) {
        await emptyDatabase(server.remote);
        const empty = await dumpDatabase(server.remote);
        const { snapshot, losses } = await adapt(backup, schema, true, new Breath());
        const refusal = await failureOf(adapt(backup, schema, false, new Breath()));
        expect(refusal.code).toBe(losses.length === 0 ? 'none' : 'SCHEMA_MISMATCH');
        expect(compareDatabases(empty, await dumpDatabase(server.remote))).toEqual([]);

        const { plan, verification } = await engine.restore(snapshot, EXACT);
        expect(verification).toEqual({
          problems: [],
          warnings: [],
          asPlanned: plan.changeCount,
          touched: plan.changeCount,
        });
        // not a row less, and not a value: the judge is what the server holds now
        const after = await engine.capture();
        expect(textsOf(after)).toEqual(textsOf(snapshot));
        expect(countRows(after)).toBe(plan.changeCount);
        expect((await engine.restore(snapshot, EXACT)).plan.changeCount).toBe(0);
      }
    },
  );

  it('is told what it lacks in the words of the newer', async () => {
    const old = SCHEMAS[0]?.schema as never;
    const { losses } = await adapt(NEWEST, old, true, new Breath());
    expect(losses).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^table BFD/),
        expect.stringMatching(/^column Logical_Switch.copp/),
        expect.stringMatching(/^key "mark" of QoS.action/),
        expect.stringMatching(
          /^"sctp"|^the value of protocol in load balancer "name \d+" \("sctp" is not one of "tcp", "udp"\)/,
        ),
        expect.stringMatching(/^ACL .* \(action is needed: "pass" is not one of/),
        expect.stringMatching(/^router policy .* \(action is needed: "jump" is not one of/),
        expect.stringMatching(/^router port "\d+" \(networks is needed\)/),
      ]),
    );
  });

  it('gets a network function back whose ports are in their switch', async () => {
    const without = {
      schema: NEWEST.schema,
      tables: new Map(
        [...NEWEST.tables].map(([name, rows]) => [
          name,
          /^(Network_Function.*|ACL)$/.test(name) ? new StoredRows(name) : rows,
        ]),
      ),
    };
    for (const rows of without.tables.values()) if (rows.count === 0) (rows as StoredRows).seal();
    expect((await planBetween(NEWEST, without, OVERWRITE)).problems).toEqual([]);
  });
});
