/** What whoever runs the server is told of his mistakes: what is wrong, where, and what to do; and never a stack. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultsOf } from '../../support/mistakes/mistake.js';
import { NOT_OF_OPERATORS, OPERATORS_MISTAKES, takePort, WRONG_VARIABLES } from '../../support/mistakes/operator.js';
import { spawnServer } from '../../support/servers/server-process.js';

describe('variables that are wrong', () => {
  let lines: readonly string[];
  beforeAll(async () => {
    await using server = await spawnServer(
      Object.fromEntries(WRONG_VARIABLES.flatMap(({ set }) => Object.entries(set))),
    );
    expect((await server.ended).code).toBe(2);
    lines = server.stderr.trimEnd().split('\n');
  });

  it('have a line each, and there is no other', () => {
    expect(lines.map((line) => line.split(':')[0]).sort()).toEqual(
      WRONG_VARIABLES.flatMap(({ set }) => Object.keys(set)).sort(),
    );
  });

  it.each(WRONG_VARIABLES)('$who', (mistake) => {
    const [name = ''] = Object.keys(mistake.set);
    const line = lines.find((text) => text.startsWith(`${name}:`)) ?? '';
    expect([line, faultsOf(line, mistake, NOT_OF_OPERATORS)]).toEqual([line, []]);
  });
});

describe('what does not start or run', () => {
  let folder: string;
  let taken: Awaited<ReturnType<typeof takePort>>;
  beforeAll(async () => {
    taken = await takePort();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ovncp-mistake-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  afterAll(() => void taken.server.close());

  it.each(OPERATORS_MISTAKES)('$who', async (mistake) => {
    const text = await mistake.read({ folder, takenPort: taken.port });
    expect([text, faultsOf(text, mistake, NOT_OF_OPERATORS)]).toEqual([text, []]);
  });
});
