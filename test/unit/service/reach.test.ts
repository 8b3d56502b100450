/** What a token that is limited to databases may touch. */
import { viewerOf } from '../../../src/auth/permission.js';
import { Reach, type Whereabouts } from '../../../src/service/command/reach.js';

const PLACES: Readonly<Record<string, readonly string[]>> = {
  ours: ['alpha'],
  theirs: ['bravo'],
  both: ['alpha', 'bravo'],
};
const where: Whereabouts = { defaultDatabase: () => 'bravo', databasesOf: (_kind, id) => PLACES[id] };
const of = (databases: readonly string[]): Reach =>
  new Reach(viewerOf('x', ['admin'], { databases: new Set(databases) }), where);
const backup = (id: string) => ({ kind: 'backup', id }) as const;

it.each([
  ['what is of the database', ['alpha'], [backup('ours')], undefined],
  ['what there is none of', ['alpha'], [backup('nothing')], undefined],
  ['nothing', ['alpha'], [], undefined],
  ['what is of another', ['alpha'], [backup('theirs')], 'the database "alpha"; backup theirs is of "bravo"'],
  ['what is of another too', ['alpha'], [backup('both')], 'the database "alpha"; backup both is of "bravo"'],
  ['what is of two that it is limited to', ['alpha', 'bravo'], [backup('both')], undefined],
  [
    'what another builds on',
    ['alpha'],
    [backup('ours'), { kind: 'dependents', id: 'both' } as const],
    'the database "alpha"; backups of "bravo" build on backup both',
  ],
  [
    'the default one',
    ['alpha', 'charlie'],
    [{ kind: 'database', id: undefined } as const],
    'the databases "alpha", "charlie"; no database is named, and "bravo" is meant then: name one of its own',
  ],
  [
    'another one by its name',
    [],
    [{ kind: 'database', id: 'alpha' } as const],
    'no database: what it says of databases names none; the database asked for is "alpha"',
  ],
])('lets it touch, or refuses, %s', (_name, databases, touched, fault) => {
  const check = (): void => of(databases).check(touched);
  if (fault === undefined) expect(check).not.toThrow();
  else expect(check).toThrow(`Insufficient permissions: token "x" is limited to ${fault}`);
});

it('lets a token that is not limited touch everything', () => {
  const reach = new Reach(viewerOf('x', []), where);
  expect(() => reach.check([backup('both'), { kind: 'database', id: undefined }])).not.toThrow();
  expect(() => reach.checkAll()).not.toThrow();
  expect([reach.has('bravo'), reach.hasOf('backup', 'nothing'), reach.isBeyond('backup', 'theirs')]).toEqual([
    true,
    true,
    false,
  ]);
});

it('shows nothing of which nobody knows what it is of', () => {
  const blind = new Reach(viewerOf('x', [], { databases: new Set(['alpha']) }), undefined);
  expect(blind.hasOf('backup', 'ours')).toBe(false);
  expect(of(['alpha']).hasOf('backup', 'nothing')).toBe(false);
  for (const touched of [backup('ours'), { kind: 'database', id: undefined } as const])
    expect(() => blind.check([touched])).toThrow('Insufficient permissions');
});

it('knows the one database of a call, where it is one', () => {
  const reach = of(['alpha']);
  expect(reach.databaseOf([backup('theirs'), { kind: 'database', id: undefined }])).toBe('bravo');
  expect(reach.databaseOf([backup('both')])).toBeUndefined();
  expect(reach.databaseOf([backup('nothing')])).toBeUndefined();
});
