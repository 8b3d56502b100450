// Makes a fresh clone ready: `node test/support/prepare.mjs demo|test|bench|chassis`, the first step of `npm run demo`,
// `npm test`, `npm run bench` and `npm run bench:chassis`. Needs Node 20 and nothing else.
//
// It installs the Debian packages that are missing, unpacks two others that are not to be installed, installs the npm
// packages when node_modules is not what package-lock.json says, builds dist when a source has changed, and for the tests
// fetches OVN releases beside the installed one. It says what it does, how far it is and how long it took, and nothing
// when all is there.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHASSIS_PACKAGES, findChassisPrograms, UNPACKED } from './programs/chassis-programs.mjs';
import { FETCHED_RELEASES, fetchCommand, isFetched, whyMissing } from './releases/fetch.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NODE_MAJOR_MIN = 20;
const STEP_TIMEOUT_MS = 20 * 60_000;
const TELL_EVERY_MS = 10_000;

/**
 * What each Debian package is needed for: any of the named programs, files or Python modules missing means that it is
 * not installed.
 */
const OVN_PACKAGES = [
  { name: 'openvswitch-common', programs: ['ovsdb-server', 'ovsdb-client', 'ovsdb-tool'], files: [] },
  { name: 'ovn-common', programs: ['ovn-nbctl'], files: [] },
  { name: 'ovn-central', programs: ['ovn-northd'], files: ['/usr/share/ovn/ovn-nb.ovsschema'] },
];
const PACKAGES = {
  demo: OVN_PACKAGES,
  test: [
    ...OVN_PACKAGES,
    { name: 'openssl', programs: ['openssl'], files: [] },
    { name: 'chromium', programs: ['chromium'], files: [] },
    { name: 'curl', programs: ['curl'], files: [] },
    { name: 'jq', programs: ['jq'], files: [] },
    { name: 'python3-requests', programs: [], files: [], pythonModule: 'requests' },
  ],
  bench: OVN_PACKAGES,
  chassis: OVN_PACKAGES,
};

// an ordinary user's PATH lacks the folders of daemons and of apt's own tools
const PATH = [
  ...new Set([...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']),
].filter(Boolean);

class Problem extends Error {}

const say = (line) => console.log(`prepare: ${line}`);

function hasProgram(name) {
  return PATH.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function run(command, words, options = {}) {
  return spawnSync(command, words, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    timeout: STEP_TIMEOUT_MS,
    ...options,
    env: { ...process.env, PATH: PATH.join(':'), ...options.env },
  });
}

/**
 * Runs a command that takes long, and says from time to time how far it is.
 * @returns what the command ended with, and all that it wrote where that is not shown
 */
function runSlowly(what, command, words, { env, shown = false, progress }) {
  const began = performance.now();
  const elapsed = () => `${Math.round((performance.now() - began) / 1_000)} s`;
  return new Promise((resolve) => {
    const child = spawn(command, words, {
      cwd: ROOT,
      stdio: ['ignore', shown ? 'inherit' : 'pipe', shown ? 'inherit' : 'pipe'],
      timeout: STEP_TIMEOUT_MS,
      env: { ...process.env, PATH: PATH.join(':'), ...env },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
    const telling = setInterval(() => say(`${what}: ${progress(output)}, ${elapsed()}`), TELL_EVERY_MS);
    const end = (result) => {
      clearInterval(telling);
      if (failure(result) === null) say(`${what}: done in ${elapsed()}`);
      resolve({ ...result, output });
    };
    child.once('error', (error) => end({ error }));
    child.once('close', (status, signal) => end({ status, signal }));
  });
}

/** The reason why a command failed, or null if it did not. */
function failure({ error, signal, status }) {
  if (error) return error.message;
  if (signal) return `ended by ${signal}`;
  return status === 0 ? null : `exit code ${status}`;
}

/** In any Python that the tests would use. */
function hasPythonModule(name) {
  return ['python3', '/usr/bin/python3'].some(
    (python) => failure(run(python, ['-c', `import ${name}`], { stdio: 'ignore' })) === null,
  );
}

function isInstalled({ programs, files, pythonModule }) {
  return (
    programs.every(hasProgram) &&
    files.every((file) => existsSync(file)) &&
    (pythonModule === undefined || hasPythonModule(pythonModule))
  );
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < NODE_MAJOR_MIN)
    throw new Problem(`Node ${process.versions.node} is too old: install Node ${NODE_MAJOR_MIN} or later`);
}

// ---- Debian packages ----------------------------------------------------------

// Installing must not start daemons, now or at the next boot: ovn-central brings units for
// ovn-northd and two databases, and the machine may be somebody's workstation. While a
// /usr/sbin/policy-rc.d answers 101, maintainer scripts start nothing (invoke-rc.d(8));
// afterwards the units that came with this are disabled. A policy that is there already
// stays, but only if it forbids starting too. openvswitch-switch is not installed: see chassis-programs.mjs.
const INSTALL = `
set -eu
policy=/usr/sbin/policy-rc.d
if [ -e "$policy" ]; then
  answer=0
  "$policy" ovn-central.service start </dev/null >/dev/null 2>&1 || answer=$?
  if [ "$answer" != 101 ]; then
    echo "$policy lets packages start their daemons: install by hand, or remove it" >&2
    exit 1
  fi
else
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' >"$policy"
  chmod 755 "$policy"
fi
installed() { [ "$(dpkg-query -W -f '\${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]; }
central=yes
installed ovn-central || central=no
get() { apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold "$@" </dev/null; }
# package lists that are missing or out of date show in a failure: only then fetch them
get install --no-install-recommends "$@" || { get update && get install --no-install-recommends "$@"; }
if [ "$central" = no ] && installed ovn-central && command -v systemctl >/dev/null; then
  systemctl --no-reload disable ovn-central.service ovn-ovsdb-server-nb.service ovn-ovsdb-server-sb.service
fi
`;

/** How to run a command as root: the words before it, or null if there is no way without asking for a password. */
function asRoot() {
  if (process.getuid?.() === 0) return [];
  if (hasProgram('sudo') && failure(run('sudo', ['-n', 'true'], { stdio: 'ignore' })) === null) {
    // sudo clears the environment: hand on what apt needs of it
    const kept = Object.entries(process.env).filter(([name]) => /^(https?|ftp|all|no)_proxy$/i.test(name));
    return ['sudo', '-n', 'env', ...kept.map(([name, value]) => `${name}=${value}`), `PATH=${PATH.join(':')}`];
  }
  return null;
}

/** From what apt wrote so far: how many packages are set up. */
function aptProgress(output) {
  const wanted = /(\d+) newly installed/.exec(output)?.[1];
  if (wanted === undefined) return 'reading package lists';
  const count = (verb) => output.match(new RegExp(`^${verb} `, 'gm'))?.length ?? 0;
  if (count('Setting up') > 0) return `${count('Setting up')} of ${wanted} packages set up`;
  if (count('Unpacking') > 0) return `${count('Unpacking')} of ${wanted} packages unpacked`;
  return `${output.match(/^Get:\d+ /gm)?.length ?? 0} of ${wanted} packages fetched`;
}

async function installDebianPackages(purpose) {
  const missing = PACKAGES[purpose].filter((wanted) => !isInstalled(wanted)).map(({ name }) => name);
  if (missing.length === 0) return;
  const byHand = `apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (!hasProgram('apt-get'))
    throw new Problem(
      `these programs of Debian are missing, and there is no apt-get here to install them: ${missing.join(', ')}`,
    );
  const root = asRoot();
  if (root === null) throw new Problem(`missing Debian packages; run as root:  ${byHand}`);
  const what = 'installing Debian packages';
  say(`${what}: ${missing.join(' ')}`);
  const [command, ...words] = [
    ...root,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'LC_ALL=C.UTF-8',
    'sh',
    '-c',
    INSTALL,
    'sh',
    ...missing,
  ];
  const result = await runSlowly(what, command, words, { progress: aptProgress });
  const reason = failure(result);
  if (reason !== null) {
    const said = result.output.trimEnd().split('\n').slice(-15).join('\n');
    throw new Problem(`${said}\nprepare: installing Debian packages failed (${reason}); run as root:  ${byHand}`);
  }
}

// ---- Debian packages that are unpacked and not installed ------------------------

// lists that are missing or out of date show in a failure, and only root can fetch them
const UNPACK = `
set -eu
target=$1 update=$2; shift 2
rm -rf "$target" "$target.new"
trap 'rm -rf "$target.new"' EXIT
mkdir -p "$target.new"
cd "$target.new"
get() { apt-get -q -o Acquire::Retries=1 -o Acquire::http::Timeout=30 download "$@"; }
get "$@" || { [ -n "$update" ] && $update apt-get -q update && get "$@"; }
for package in *.deb; do dpkg-deb -x "$package" . && rm "$package"; done
# hooks of the machine's network and units, which link to what is not there
rm -rf etc lib
mv "$target.new" "$target"
`;

/** For the test of a whole chassis, which is left out where this fails; the benchmark of a chassis is nothing without it. */
async function unpackChassisPrograms(purpose) {
  if (!['test', 'chassis'].includes(purpose) || findChassisPrograms() !== undefined) return;
  const what = 'unpacking Debian packages';
  say(`${what} into ${UNPACKED}: ${CHASSIS_PACKAGES.join(' ')}`);
  const root = asRoot();
  // "env" alone runs a command as it is
  const update = root === null ? '' : [...root, 'env'].join(' ');
  const words = ['-c', UNPACK, 'sh', UNPACKED, update, ...CHASSIS_PACKAGES];
  const result = await runSlowly(what, 'sh', words, { env: { LC_ALL: 'C.UTF-8' }, progress: () => 'fetching' });
  const reason = failure(result) ?? (findChassisPrograms() === undefined ? 'their programs are not in them' : null);
  if (reason === null) return;
  const said = result.output?.trimEnd().split('\n').slice(-5).join('\n') ?? '';
  const problem = `${said}\nprepare: ${CHASSIS_PACKAGES.join(' and ')} could not be unpacked (${reason})`;
  if (purpose === 'chassis') throw new Problem(problem);
  say(`${problem}: the test of a whole chassis will be left out`);
}

// ---- npm packages ---------------------------------------------------------------

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return null; // missing or cut short: as good as not installed
  }
}

/** npm writes node_modules/.package-lock.json last, so that an install that was cut short has none. */
function npmPackagesAreThere() {
  const wanted = readPackages(join(ROOT, 'package-lock.json'));
  if (wanted === null) throw new Problem('package-lock.json is missing or unreadable: is this a whole clone?');
  const present = readPackages(join(ROOT, 'node_modules/.package-lock.json'));
  if (present === null) return false;
  for (const [path, { version, integrity, optional, devOptional, peer }] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = present[path];
    // packages for other platforms are in the lock file and never installed
    if (found === undefined && (optional || devOptional || peer)) continue;
    if (
      found === undefined ||
      found.version !== version ||
      (integrity && found.integrity && found.integrity !== integrity)
    )
      return false;
  }
  return Object.keys(present).every((path) => wanted[path] !== undefined);
}

async function npm(what, words, progress) {
  // run by npm, this is told where npm is; it need not be on the PATH
  const own = process.env.npm_execpath;
  const [command, ...before] = own?.endsWith('.js') && existsSync(own) ? [process.execPath, own] : ['npm'];
  const reason = failure(await runSlowly(what, command, [...before, ...words], { shown: true, progress }));
  if (reason !== null) throw new Problem(`npm ${words[0]} failed: ${reason}`);
}

async function installNpmPackages() {
  if (npmPackagesAreThere()) return;
  const what = 'installing npm packages (npm ci)';
  const paths = Object.keys(readPackages(join(ROOT, 'package-lock.json')) ?? {}).filter(Boolean);
  say(`${what}: ${paths.length} packages`);
  const progress = () =>
    `${paths.filter((path) => existsSync(join(ROOT, path, 'package.json'))).length} of ${paths.length} packages`;
  // whatever NODE_ENV says: building and testing need the development packages too
  await npm(what, ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], progress);
}

// ---- the build --------------------------------------------------------------------

/**
 * Without a look at types, which takes twice as long as all the rest: that is for `npm run check`, which `npm test` runs.
 * `reads`: the folders whose files it is made of.
 */
const BUILDS = [
  {
    what: 'building the server',
    command: 'tsc -p tsconfig.build.json --noCheck',
    reads: ['src'],
    stampFile: 'dist/.prepared-server',
  },
  {
    what: "building the IDE's page",
    command: 'vite build --config src/web/ide/vite.config.ts --logLevel warn',
    reads: ['src/web', 'schema/tabs'],
    stampFile: 'dist/.prepared-page',
  },
];

/** Stands for the names, sizes and times of everything that a build reads. */
function stampOf(folders) {
  const hash = createHash('sha256');
  const add = (name) => {
    const stat = statSync(join(ROOT, name));
    if (stat.isFile()) hash.update(`${name} ${stat.size} ${stat.mtimeMs}\n`);
  };
  const sources = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true }).map((name) => join(folder, name)),
  );
  for (const name of [...sources.sort(), 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'])
    add(name);
  return hash.digest('hex');
}

async function build({ what, command, reads, stampFile }) {
  const kept = join(ROOT, stampFile);
  const stamp = stampOf(reads);
  if (existsSync(kept) && readFileSync(kept, 'utf8') === stamp) return;
  say(what);
  const [program, ...words] = command.split(' ');
  const path = join(ROOT, 'node_modules/.bin', program);
  const reason = failure(await runSlowly(what, path, words, { shown: true, progress: () => 'still at it' }));
  if (reason !== null) throw new Problem(`${what} failed (${reason}): ${command}`);
  // the stamp from before the build: what changed meanwhile is built next time
  writeFileSync(kept, stamp);
}

// ---- OVN releases -----------------------------------------------------------------

/** Tests do without those that cannot be had. */
async function fetchReleases() {
  const wanted = FETCHED_RELEASES.filter((release) => !isFetched(release));
  let reason = null;
  if (wanted.length > 0) {
    const what = `fetching packages of OVN ${wanted.map(({ name }) => name).join(' and ')} for the tests`;
    say(`${what}: some 40 MB, into dist/.releases`);
    const lastLines = (output) =>
      [...new Map(output.split('\n').map((line) => [line.split(':')[0], line])).values()].filter(Boolean).join(', ');
    const [command, ...words] = fetchCommand({ again: true });
    reason = failure(await runSlowly(what, command, words, { progress: lastLines }));
  }
  for (const release of FETCHED_RELEASES.filter((one) => !isFetched(one)))
    say(`the tests of OVN ${release.name} will be skipped: ${whyMissing(release) ?? reason}`);
}

try {
  checkNode();
  const purpose = process.argv[2] ?? '';
  if (!Object.hasOwn(PACKAGES, purpose))
    throw new Problem(`usage: node test/support/prepare.mjs ${Object.keys(PACKAGES).join('|')}`);
  await installDebianPackages(purpose);
  await unpackChassisPrograms(purpose);
  await installNpmPackages();
  await Promise.all(BUILDS.map(build));
  if (purpose === 'test') await fetchReleases();
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  console.error(`prepare: ${error.message}`);
  process.exitCode = 1;
}
