/** How packages of other OVN releases are asked for (test/support/releases): no network is needed for this. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureOf } from '../../support/databases/every-kind.js';
import { Apt, systemMirror } from '../../support/releases/apt.mjs';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-apt-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The mirror that would be asked on a system with these sources: address and suite of each. */
async function mirrorOf(...sources: readonly (readonly [address: string, suite: string])[]): Promise<string> {
  const text = sources.map(([address, suite]) => `deb ${address} ${suite} main\n`).join('');
  await mkdir(join(folder, 'sources'));
  await writeFile(join(folder, 'sources/all.list'), text);
  const config = join(folder, 'system.conf');
  await writeFile(config, `Dir::Etc::SourceList "/dev/null"; Dir::Etc::SourceParts "${join(folder, 'sources')}";\n`);
  const before = process.env['APT_CONFIG'];
  process.env['APT_CONFIG'] = config;
  try {
    return await systemMirror();
  } finally {
    if (before === undefined) delete process.env['APT_CONFIG'];
    else process.env['APT_CONFIG'] = before;
  }
}

describe('the mirror of other OVN releases', () => {
  it("is that of the system's own sources, and not somebody else's of a suite of that name", async () => {
    const [others, own] = ['http://packages.example.org/linux/debian', 'http://mirror.example.org/debian'] as const;
    const suite = 'stable';
    await expect(mirrorOf([others, suite], [own, suite], [own, `${suite}-updates`])).resolves.toBe(own);
  });

  it('is named as missing where the sources have none', async () => {
    await expect(mirrorOf(['http://packages.example.org', 'nodistro'])).rejects.toThrow(/name no mirror of Debian/);
  });

  it('is said not to answer in one line, without the password of its address', async () => {
    const apt = new Apt(folder, 'http://somebody:secret@127.0.0.1:9/debian', 'trixie');
    const { message } = await failureOf(apt.update());
    expect(message).toMatch(/^apt-get says: .*127\.0\.0\.1:9\/debian/);
    expect(message).not.toMatch(/secret|\n/);
  });
});
