/** The commands of a clone that was not built say so, and what to run: no stack, no missing module. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../docs/page.js';
import { runCommand } from '../../support/clients/command.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-clone-'));
  await copyFile(join(ROOT, 'package.json'), join(folder, 'package.json'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const NOT_BUILT = 'The program is not built: run npm ci && npm run build first\n';

it.each([
  ['start', NOT_BUILT],
  ['token', NOT_BUILT],
  ['audit', NOT_BUILT],
  ['build', 'The packages are not installed: run npm ci first\n'],
])('npm run %s', async (command, says) => {
  const { code, stdout, stderr } = await runCommand(['npm', 'run', '--silent', command], {
    folder,
    env: { NODE_OPTIONS: '', HOME: folder },
  });
  expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: says });
});
