// Packages of another suite of Debian, taken from the mirror that this system's own apt uses, with a configuration,
// lists and a cache of their own: nothing of the system is changed, and nobody need be root.
//
// Proxies and the like are those of the system. Its hooks are not run.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** For a mirror that answers nothing: then the tests go on without. */
const TIMEOUT_MS = 5 * 60_000;
const SILENCE_SECONDS_MAX = 20;
/** Debian's keys. Where there is none of that name, apt takes those that the system trusts. */
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Runs a program.
 * @param onOutput is told all that it has written so far
 * @returns what it wrote to stdout
 * @throws Error with what it complained of, in one line
 */
export function run(command, words, { cwd, onOutput = () => undefined } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
      env: { ...process.env, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk);
      onOutput(stdout);
    });
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    child.once('error', (error) =>
      reject(new Error(error.code === 'ENOENT' ? `there is no ${command} here` : error.message)),
    );
    child.once('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${command} ${complaintOf(stderr) ?? `ended with ${signal ?? `code ${code}`}`}`));
    });
  });
}

/** The first error that apt names, or else the last thing said; addresses without a password that they may hold. */
function complaintOf(stderr) {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((text) => text.startsWith('E: ')) ?? lines.at(-1);
  return line === undefined ? undefined : `says: ${withoutPasswords(line.replace(/^E: /, '').trim())}`;
}

const withoutPasswords = (text) => text.replaceAll(/\/\/[^/\s@]*@/g, '//');

function codename() {
  try {
    return /^VERSION_CODENAME=["']?([\w-]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  } catch {
    return undefined; // no os-release: no Debian
  }
}

/**
 * The address that this system's apt takes Debian's own packages from, as its sources have it.
 * @throws Error when they have none
 */
export async function systemMirror() {
  const release = codename();
  // what it would fetch: known also where the lists have been deleted, as they are in containers
  const files = await run('apt-get', ['update', '--print-uris']);
  const found = [...files.matchAll(/^'(.+)\/dists\/([^/']+)\/main\/binary-[^/']+\/Packages/gm)].map(
    ([, address, suite]) => ({ address, suite }),
  );
  const mirrors = found.filter(({ suite }) => suite === release || /^(old)*stable$/.test(suite));
  // others have a suite of that name, too, but no updates for it
  const hasUpdates = ({ address, suite }) =>
    found.some((other) => other.address === address && other.suite === `${suite}-updates`);
  const mirror = mirrors.find(hasUpdates) ?? mirrors[0];
  if (mirror === undefined)
    throw new Error(`the sources of this system's apt name no mirror of Debian ${release ?? ''}`.trimEnd());
  return mirror.address;
}

/** A separate apt: `folder` gets its configuration, its lists and its cache. */
export class Apt {
  #options;

  /**
   * @param mirror an address
   * @param suite such as trixie
   */
  constructor(folder, mirror, suite) {
    const at = (name) => join(folder, name);
    for (const name of ['sources', 'state', 'lists/partial', 'cache/archives/partial'])
      mkdirSync(at(name), { recursive: true });
    const signed = existsSync(KEYRING) ? [`Signed-By: ${KEYRING}`] : [];
    const source = ['Types: deb', `URIs: ${mirror}`, `Suites: ${suite}`, 'Components: main', ...signed];
    // no translations, and nothing of what else a system may want to know of packages
    const text = `${source.join('\n')}\nTargets: Packages\n`;
    // the address of a mirror may hold a password
    writeFileSync(at('sources/suite.sources'), text, { mode: 0o600 });
    const settings = {
      'Dir::Etc::SourceList': '/dev/null',
      'Dir::Etc::SourceParts': at('sources'),
      'Dir::Etc::Preferences': '/dev/null',
      'Dir::Etc::PreferencesParts': '/dev/null',
      'Dir::State': at('state'),
      'Dir::State::Lists': at('lists'),
      'Dir::State::Status': '/dev/null',
      'Dir::Cache': at('cache'),
      'Dir::Cache::Archives': at('cache/archives'),
      'APT::Update::Error-Mode': 'any',
      // apt run by root reads and writes as another user, who cannot get into everybody's folders
      'APT::Sandbox::User': 'root',
      'Acquire::Retries': '1',
      'Acquire::http::Timeout': String(SILENCE_SECONDS_MAX),
      'Acquire::https::Timeout': String(SILENCE_SECONDS_MAX),
    };
    const hooks = ['Pre-Invoke', 'Post-Invoke', 'Post-Invoke-Success'];
    const lines = [
      ...hooks.map((hook) => `#clear APT::Update::${hook};`),
      ...Object.entries(settings).map(([name, value]) => `${name} "${value}";`),
    ];
    writeFileSync(at('apt.conf'), `${lines.join('\n')}\n`);
    this.#options = ['-q', '-c', at('apt.conf')];
  }

  /** Reads what the suite has. @throws Error */
  async update() {
    await run('apt-get', [...this.#options, 'update']);
  }

  /**
   * Downloads packages, each as apt names it: name, or name=version, where a version may end with "*".
   * @param onCount is told how many have begun
   * @returns the paths of their files
   * @throws Error
   */
  async download(folder, packages, onCount) {
    mkdirSync(folder, { recursive: true });
    let told = 0;
    const onOutput = (output) => {
      const begun = output.match(/^Get:\d+ /gm)?.length ?? 0;
      if (begun > told) onCount(begun);
      told = begun;
    };
    await run('apt-get', [...this.#options, 'download', ...packages], { cwd: folder, onOutput });
    return readdirSync(folder)
      .filter((name) => name.endsWith('.deb'))
      .map((name) => join(folder, name));
  }
}
