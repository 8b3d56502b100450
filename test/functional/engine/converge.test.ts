/** Waiting for the network to take a change over, with a real northd and chassis on paper. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Convergence,
  type ConvergeOptions,
  converge,
  convergeAnywhere,
} from '../../../src/engine/verify/converge.js';
import { transact } from '../../support/judge/judge.js';
import { Engine, EXACT } from '../../support/servers/engine.js';
import { startNorthd, type TestNorthd } from '../../support/servers/northd.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

describe('a change has reached', () => {
  let nb: TestServer;
  let northd: TestNorthd;
  let engine: Engine;
  beforeEach(async () => {
    nb = await startOvsdbServer();
    northd = await startNorthd(nb);
    engine = new Engine(nb.remote);
    await nbctl(nb.remote, 'ls-add', 'web', '--', 'lsp-add', 'web', 'web-1');
    await northd.synced();
  });
  afterEach(async () => {
    await northd.stop();
    await nb.stop();
  });

  const wait = (target: 'SB' | 'HV', options: Partial<ConvergeOptions> = {}): Promise<Convergence> =>
    engine.session((session) => converge(session, target, { since: performance.now(), limitMs: 120_000, ...options }));
  const global = async (column: string): Promise<number> =>
    Number((await nbctl(nb.remote, 'get', 'NB_Global', '.', column)).trim());

  it('the Southbound when northd has written it there, and not before', async () => {
    for (let i = 0; i < 5; i++) {
      await nbctl(nb.remote, 'lsp-add', 'web', `port-${i}`);
      const before = await global('nb_cfg');
      const { reached, seconds, reason } = await wait('SB');
      expect({ reached, reason }).toEqual({ reached: true, reason: undefined });
      expect(seconds).toBeGreaterThan(0);
      expect(await global('nb_cfg')).toBe(before + 1);
      expect(await global('sb_cfg')).toBe(before + 1);
      expect((await northd.portBindings()).has(`port-${i}`)).toBe(true);
    }
  });

  it('the chassis when the slowest of them says so', async () => {
    await northd.addChassis('fast');
    await northd.addChassis('slow');
    const late = await wait('HV', { limitMs: 400 });
    expect(late.reached).toBe(false);
    expect(late.reason).toBe(
      'northd took the change over, but not every chassis did within 0.4 s (hv_cfg is 0, not yet 2)',
    );
    expect((await wait('SB')).reached).toBe(true);

    const heard: string[] = [];
    const waiting = wait('HV', { onProgress: (message) => heard.push(message) });
    const asked = 4;
    await northd.setChassisCfg('fast', asked);
    await until(() => heard.at(-1) === 'sb_cfg is 4, hv_cfg is 0, waiting for hv_cfg 4');
    await northd.setChassisCfg('slow', asked);
    const { reached, seconds } = await waiting;
    expect(reached).toBe(true);
    expect(seconds).toBeGreaterThan(0);
    expect(await global('hv_cfg')).toBe(asked);
  });

  it('the chassis at once where there are none', async () => {
    expect((await wait('HV')).reached).toBe(true);
  });

  it('nobody while northd stands still, which is told when the limit passes', async () => {
    northd.pause();
    const started = performance.now();
    const since = started - 2_000;
    const { reached, seconds, reason } = await wait('SB', { limitMs: 700, since });
    const took = performance.now() - started;
    expect(reached).toBe(false);
    expect(reason).toMatch(/^northd did not take the change over within 0\.7 s \(sb_cfg is 1, not yet 2\)$/);
    expect(took).toBeGreaterThan(690);
    expect(seconds).toBeGreaterThan(2.69);

    // a later question is answered with the earlier one
    const waiting = wait('SB');
    northd.resume();
    expect((await waiting).reached).toBe(true);
  });

  it('the Southbound although NB_Global claimed to be ahead, as after a restore from a file', async () => {
    northd.pause();
    await nbctl(nb.remote, 'set', 'NB_Global', '.', 'nb_cfg=3', 'sb_cfg=40');
    expect((await wait('SB', { limitMs: 300 })).reached).toBe(false);
    northd.resume();
    expect((await wait('SB')).reached).toBe(true);
  });

  it('the Southbound with a number past what a double holds', async () => {
    await nbctl(nb.remote, 'set', 'NB_Global', '.', 'nb_cfg=9007199254740993');
    await northd.synced();
    northd.pause();
    expect((await wait('SB', { limitMs: 200 })).reason).toContain(
      '(sb_cfg is 9007199254740994, not yet 9007199254740995)',
    );
    northd.resume();
    expect((await wait('SB')).reached).toBe(true);
  });

  it('nobody when the wait is given up', async () => {
    northd.pause();
    const controller = new AbortController();
    const waiting = wait('SB', { signal: controller.signal });
    await delay(100);
    controller.abort();
    expect(await waiting).toMatchObject({ reached: false, reason: 'the wait was given up' });
    expect(await wait('SB', { signal: controller.signal })).toMatchObject({
      reached: false,
      reason: 'the wait was given up',
    });
  });

  it('and the counters of the wait are no difference to a backup', async () => {
    const backup = await engine.capture();
    await wait('HV');
    expect((await engine.plan(backup, EXACT)).changeCount).toBe(0);
  });

  it('the Southbound over another connection when the first one is lost', async () => {
    northd.pause();
    const waiting = convergeAnywhere(engine.client, 'SB', { since: performance.now(), limitMs: 120_000 });
    await delay(200);
    await nb.restart();
    northd.resume();
    expect((await waiting).reached).toBe(true);
  });

  it('nobody that can be asked when the server is away, which is told when the limit passes', async () => {
    await nb.kill();
    const gone = await convergeAnywhere(engine.client, 'SB', { since: performance.now(), limitMs: 300 });
    expect(gone.reached).toBe(false);
    expect(gone.reason).toMatch(/cannot be reached/);
    await nb.start();
    nb.pause();
    const started = performance.now();
    expect((await convergeAnywhere(engine.client, 'SB', { since: started, limitMs: 500 })).reached).toBe(false);
    nb.resume();
  });
});

describe('the northd of the tests', () => {
  it('tells what it finds fault with, and which flows no chassis could read', async () => {
    await using nb = await startOvsdbServer();
    await using northd = await startNorthd(nb);
    await nbctl(
      nb.remote,
      'ls-add',
      'web',
      '--',
      'lsp-add',
      'web',
      'web-1',
      '--',
      'acl-add',
      'web',
      'to-lport',
      '1000',
      'ip4.src == 10.0.0.0/8',
      'allow',
    );
    await northd.synced();
    expect([await northd.warnings(), await northd.unreadableFlows()]).toEqual([[], []]);
    await nbctl(
      nb.remote,
      'set',
      'Logical_Switch_Port',
      'web-1',
      'options:requested-chassis=nowhere',
      '--',
      'acl-add',
      'web',
      'to-lport',
      '1001',
      'ip4.src == $none',
      'drop',
    );
    await northd.synced();
    expect(await northd.warnings()).toEqual([
      "northd|WARN|Unknown chassis 'nowhere' set in options:requested-chassis on LSP 'web-1'.",
    ]);
    expect(await northd.unreadableFlows()).toEqual([
      expect.stringMatching(/ip4\.src == \$none.*expecting address set name/) as string,
    ]);
    await northd.mark();
    expect(await northd.warnings()).toEqual([]);
  });
});

describe('a database without northd', () => {
  it('has nobody to wait for, which is an answer', async () => {
    await using nb = await startOvsdbServer();
    const engine = new Engine(nb.remote);
    const wait = (): Promise<Convergence> =>
      engine.session((session) => converge(session, 'SB', { since: performance.now(), limitMs: 300 }));
    expect(await wait()).toEqual({
      reached: false,
      seconds: 0,
      reason: 'NB_Global has no row, so northd cannot be asked',
    });
    await nbctl(nb.remote, 'init');
    expect((await wait()).reason).toBe('northd did not take the change over within 0.3 s (sb_cfg is 0, not yet 1)');
    await nbctl(nb.remote, 'set', 'NB_Global', '.', 'nb_cfg=9223372036854775807');
    expect(await wait()).toMatchObject({ reached: false, reason: expect.stringMatching(/range error/) as string });
    await nbctl(nb.remote, 'set', 'NB_Global', '.', 'nb_cfg=0');
    const waiting = engine.session((session) => converge(session, 'SB', { since: performance.now(), limitMs: 10_000 }));
    await delay(300);
    await transact(nb.remote, [{ op: 'delete', table: 'NB_Global', where: [] }]);
    expect(await waiting).toMatchObject({ reached: false, reason: 'NB_Global was deleted meanwhile' });
  });
});
