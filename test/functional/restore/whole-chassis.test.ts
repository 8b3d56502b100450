/**
 * What a whole chassis feels of a restore, down to its OpenFlow flows and its packets, with this server and with
 * `ovsdb-client restore`. `npm run bench:chassis` prints the figures.
 */
import { ListRestoresDocument } from '../../support/clients/generated/graphql.js';
import { findChassisPrograms } from '../../support/programs/chassis-programs.mjs';
import { ChassisStory } from '../../support/servers/chassis-story.js';
import { nbctl } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

const isHere = findChassisPrograms() !== undefined;
if (!isHere)
  process.stdout.write(
    'the tests of a whole chassis are skipped: ovs-vswitchd and ovn-controller are missing; ' +
      '`node test/support/prepare.mjs test` unpacks them\n',
  );

(isHere ? describe : describe.skip)('a chassis that lost a switch', () => {
  let story: ChassisStory;
  beforeAll(async () => {
    story = await ChassisStory.begin();
  });
  afterAll(() => story.stop());

  it('gets it back, and no flow that has nothing to do with it is sent again', async () => {
    const felt = await story.feel(async () => {
      expect(await story.lostSwitch()).toEqual([false, false, false]);
      const { phase, result } = await story.restoreHere();
      // the answer comes when the chassis has taken it over: at once every packet arrives
      expect(await story.lostSwitch()).toEqual([true, true, true]);
      expect({ phase, success: result?.success, warnings: result?.warnings }).toEqual({
        phase: 'SUCCEEDED',
        success: true,
        warnings: [],
      });
      expect(result?.convergenceSeconds).toBeGreaterThan(0);
    });
    expect(felt.survived).toBeGreaterThan(300);
    expect(felt.sentAgain).toEqual([]);
    expect(felt.sent).toBe(felt.whole - felt.survived);
    expect(felt.restored).toBe(felt.whole);
    expect(felt.packets).toBeGreaterThan(0);
    expect(felt.packetsLost).toBe(0);
  });

  it('is waited for by `sync: HV`, also when northd has been done for long', async () => {
    await story.lose();
    story.chassis.pause();
    const restoring = story.restoreHere();
    const { api } = story;
    await until(
      async () => (await api.admin.run(ListRestoresDocument, { first: 1 })).restores.nodes[0]?.phase === 'CONVERGING',
    );
    await until(async () => {
      const [asked, northd] = (await nbctl(api.ovsdb.remote, 'get', 'NB_Global', '.', 'nb_cfg', 'sb_cfg')).split('\n');
      return asked === northd;
    });
    expect(await story.lostSwitch()).toEqual([false, false, false]);
    const [unanswered] = (await api.admin.run(ListRestoresDocument, { first: 1 })).restores.nodes;
    expect([unanswered?.phase, unanswered?.result ?? null]).toEqual(['CONVERGING', null]);
    story.chassis.resume();
    const { result } = await restoring;
    expect(await story.lostSwitch()).toEqual([true, true, true]);
    expect(result?.convergenceSeconds).toBeGreaterThan(0);
  });

  it('has nearly every flow sent again by ovsdb-client restore', async () => {
    const felt = await story.feel(() => story.restoreByTool());
    await until(async () => (await story.lostSwitch()).every(Boolean));
    expect(felt.sentAgain.length).toBeGreaterThan(felt.survived * 0.9);
  });
});
