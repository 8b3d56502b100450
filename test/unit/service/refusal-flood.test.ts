/** What a flood of refused calls comes to in lines, and when its windows end. */
import type { AuditEvent } from '../../../src/service/audit/audit-line.js';
import { RefusalFlood } from '../../../src/service/audit/refusal-flood.js';
import { TestClock } from '../../support/test-clock.js';

const LIMITS = { windowMs: 60_000, perAddress: 2, inAll: 3, kinds: 2 };

let clock: TestClock;
let told: AuditEvent[];
beforeEach(() => {
  clock = new TestClock();
  told = [];
});

function floodOf(limits = LIMITS): RefusalFlood {
  return new RefusalFlood((event) => told.push(event), clock, limits);
}

const refused = (address: string, action = 'graphql'): AuditEvent => ({
  action,
  address,
  via: 'GRAPHQL',
  result: 'UNAUTHENTICATED',
});

describe('a window', () => {
  it('begins with the first refused call, and tells at its end what it has counted', () => {
    const flood = floodOf();
    expect(clock.waiting).toBe(0);
    expect(Array.from({ length: 5 }, () => flood.admits(refused('10.0.0.1')))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    clock.advance(59_999);
    expect(flood.admits(refused('10.0.0.1'))).toBe(false);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual([{ ...refused('10.0.0.1'), repeated: 4 }]);
    expect(clock.waiting).toBe(0);
  });

  it('is as long as it is, whatever is done to the wall clock', () => {
    const flood = floodOf();
    for (let n = 0; n < 3; n++) flood.admits(refused('10.0.0.1'));
    clock.set(3_600_000);
    clock.advance(59_999);
    clock.set(-7_200_000);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toMatchObject([{ repeated: 1 }]);
  });

  it('is followed by another one, in which every address has its lines again', () => {
    const flood = floodOf();
    for (let n = 0; n < 3; n++) flood.admits(refused('10.0.0.1'));
    clock.advance(60_000);
    clock.advance(3_600_000);
    expect(told).toHaveLength(1);
    expect(flood.admits(refused('10.0.0.1'))).toBe(true);
    clock.advance(60_000);
    expect(told).toHaveLength(1);
  });

  it('ends at once when it is told to, and then rings no more', () => {
    const flood = floodOf();
    for (let n = 0; n < 3; n++) flood.admits(refused('10.0.0.1'));
    flood.end();
    expect(told).toMatchObject([{ repeated: 1 }]);
    expect(clock.waiting).toBe(0);
    flood.end();
    expect(told).toHaveLength(1);
  });
});

describe('a flood', () => {
  it('has so many lines of all addresses together', () => {
    const flood = floodOf();
    expect(['1', '2', '3', '4'].map((address) => flood.admits(refused(address)))).toEqual([true, true, true, false]);
  });

  it('of a million addresses and kinds is bounded in lines and in memory', () => {
    const flood = floodOf({ windowMs: 60_000, perAddress: 60, inAll: 100, kinds: 50 });
    let own = 0;
    for (let n = 0; n < 100_000; n++) if (flood.admits(refused(`fd00::${n.toString(16)}`, `GET /${n}`))) own++;
    clock.advance(60_000);
    expect(own).toBe(100);
    expect(told).toHaveLength(51);
    expect(told.at(-1)).toMatchObject({ action: 'many' });
    expect(told.reduce((sum, { repeated = 1 }) => sum + repeated, own)).toBe(100_000);
  });
});
