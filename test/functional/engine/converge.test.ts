/** Waiting for the network to take a change over, with a real northd and chassis on paper. */
import {
  type Convergence,
  type ConvergeOptions,
  converge,
  convergeAnywhere,
} from '../../../src/engine/verify/converge.js';
import { systemClock } from '../../../src/lib/clock.js';
import { transact } from '../../support/judge/judge.js';
import { Engine, EXACT } from '../../support/servers/engine.js';
import { startNorthd, type TestNorthd } from '../../support/servers/northd.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

/** For requests too, which wait by the system's clock. */
const LIMIT_MS = 60_000;

/** Options of a wait by the system's clock. */
const now = (): ConvergeOptions => ({ clock: systemClock, since: systemClock.monotonic(), limitMs: LIMIT_MS });

/** A wait by a clock that stands still until it is told how far the network is, and then passes the limit. */
async function lateWait(
  begin: (options: ConvergeOptions) => Promise<Convergence>,
  toldBefore: string,
): Promise<Convergence> {
  const clock = new TestClock();
  const told: string[] = [];
  const waiting = begin({ clock, since: -2_000, limitMs: LIMIT_MS, onProgress: (message) => told.push(message) });
  await until(() => told.at(-1) === toldBefore);
  clock.advance(LIMIT_MS);
  expect(clock.waiting).toBe(0);
  return waiting;
}

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
    engine.session((session) => converge(session, target, { ...now(), ...options }));
  const late = (target: 'SB' | 'HV', toldBefore: string): Promise<Convergence> =>
    lateWait((options) => engine.session((session) => converge(session, target, options)), toldBefore);
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
    expect(await late('HV', 'sb_cfg is 2, hv_cfg is 0, waiting for hv_cfg 2')).toEqual({
      reached: false,
      seconds: 62,
      reason: 'northd took the change over, but not every chassis did within 60 s (hv_cfg is 0, not yet 2)',
    });
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
    expect(await late('SB', 'sb_cfg is 1, hv_cfg is 1, waiting for sb_cfg 2')).toEqual({
      reached: false,
      seconds: 62,
      reason: 'northd did not take the change over within 60 s (sb_cfg is 1, not yet 2)',
    });

    // a later question is answered with the earlier one
    const waiting = wait('SB');
    northd.resume();
    expect((await waiting).reached).toBe(true);
  });

  it('the Southbound although NB_Global claimed to be ahead, as after a restore from a file', async () => {
    northd.pause();
    await nbctl(nb.remote, 'set', 'NB_Global', '.', 'nb_cfg=3', 'sb_cfg=40');
    expect((await late('SB', 'sb_cfg is 40, hv_cfg is 1, waiting for sb_cfg 41')).reached).toBe(false);
    northd.resume();
    expect((await wait('SB')).reached).toBe(true);
  });

  it('the Southbound with a number past what a double holds', async () => {
    await nbctl(nb.remote, 'set', 'NB_Global', '.', 'nb_cfg=9007199254740993');
    await northd.synced();
    northd.pause();
    const told = 'sb_cfg is 9007199254740994, hv_cfg is 9007199254740994, waiting for sb_cfg 9007199254740995';
    expect((await late('SB', told)).reason).toContain('(sb_cfg is 9007199254740994, not yet 9007199254740995)');
    northd.resume();
    expect((await wait('SB')).reached).toBe(true);
  });

  it('nobody when the wait is given up', async () => {
    northd.pause();
    const controller = new AbortController();
    const told: string[] = [];
    const waiting = wait('SB', { signal: controller.signal, onProgress: (message) => told.push(message) });
    await until(() => told.length > 0);
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
    const told: string[] = [];
    const waiting = convergeAnywhere(engine.client, 'SB', { ...now(), onProgress: (message) => told.push(message) });
    await until(() => told.length > 0);
    await nb.restart();
    northd.resume();
    expect((await waiting).reached).toBe(true);
  });

  it('nobody that can be asked when the server is away, which is told when the limit passes', async () => {
    await nb.kill();
    const clock = new TestClock();
    const away = convergeAnywhere(engine.client, 'SB', { clock, since: 0, limitMs: 300 });
    // the limit, and the pause before it tries again
    await until(() => clock.waiting === 2);
    clock.advance(200);
    expect(await away).toEqual({
      reached: false,
      seconds: 0.2,
      reason: expect.stringMatching(/cannot be reached: unix:/) as string,
    });
    expect(clock.waiting).toBe(0);
    await nb.start();
    nb.pause();
    const silent = convergeAnywhere(engine.client, 'SB', { clock, since: 200, limitMs: 500 });
    clock.advance(500);
    expect(await silent).toMatchObject({ reached: false, seconds: 0.5 });
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
    const wait = (options: ConvergeOptions): Promise<Convergence> =>
      engine.session((session) => converge(session, 'SB', options));
    expect(await wait(now())).toEqual({
      reached: false,
      seconds: 0,
      reason: 'NB_Global has no row, so northd cannot be asked',
    });
    await nbctl(nb.remote, 'init');
    expect((await lateWait(wait, 'sb_cfg is 0, hv_cfg is 0, waiting for sb_cfg 1')).reason).toBe(
      'northd did not take the change over within 60 s (sb_cfg is 0, not yet 1)',
    );
    await nbctl(nb.remote, 'set', 'NB_Global', '.', 'nb_cfg=9223372036854775807');
    expect(await wait(now())).toMatchObject({ reached: false, reason: expect.stringMatching(/range error/) as string });
    await nbctl(nb.remote, 'set', 'NB_Global', '.', 'nb_cfg=0');
    const told: string[] = [];
    const waiting = wait({ ...now(), onProgress: (message) => told.push(message) });
    await until(() => told.length > 0);
    await transact(nb.remote, [{ op: 'delete', table: 'NB_Global', where: [] }]);
    expect(await waiting).toMatchObject({ reached: false, reason: 'NB_Global was deleted meanwhile' });
  });
});
