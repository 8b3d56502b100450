// OVN releases beside the installed one, for tests: unpacked into folders of their own under dist/.releases, and run
// from there with the libraries that they came with. Nothing is installed.
//
//   node test/support/releases/fetch.mjs [--again]
//
// fetches those that are not here yet, and notes why one could not be had. --again: tries also those that could not be
// had the last time. fetchCommand() runs it behind a lock of the kernel's, so that several may ask at once.

import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Apt, run, systemMirror } from './apt.mjs';

const CACHE = fileURLToPath(new URL('../../../dist/.releases', import.meta.url));
/** What the programs need newer than an older Debian has them. Other libraries they take from the system. */
const LIBRARIES = ['libc6', 'libssl3t64'];

/**
 * The suites of Debian that have them. trixie is released: it keeps its versions but for mended faults. sid moves on,
 * and then has this release no more. A version is that of Debian, and may end with "*".
 */
export const FETCHED_RELEASES = [
  { name: '25.03', suite: 'trixie', ovn: '25.03.*', ovs: '3.5.*' },
  { name: '26.03', suite: 'sid', ovn: '26.03.*', ovs: '4.*' },
];
/** What tests start. */
const PROGRAMS = ['ovsdb-server', 'ovsdb-client', 'ovsdb-tool', 'ovn-nbctl', 'ovn-northd', 'ovn-trace'];

const packagesOf = ({ ovn, ovs }) => [
  `ovn-central=${ovn}`,
  `ovn-common=${ovn}`,
  `openvswitch-common=${ovs}`,
  `openvswitch-switch=${ovs}`,
  ...LIBRARIES,
];
/** Stands for what is in the folder of a release, and how: another one is fetched anew. */
const stampOf = (release) => JSON.stringify({ layout: 1, suite: release.suite, packages: packagesOf(release) });

/** Where a release is, or will be. */
export const folderOf = ({ name }) => join(CACHE, name);
const noteOf = ({ name }) => join(CACHE, `${name}.missing`);
const textOf = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

export function isFetched(release) {
  return textOf(join(folderOf(release), 'stamp')) === stampOf(release);
}

/** Why a release could not be had the last time, undefined when nobody has tried. */
export function whyMissing(release) {
  return textOf(noteOf(release));
}

/** Waits for its turn, and fetches: a command and its words. Tells how far it is in lines, and ends with code 0. */
export function fetchCommand({ again = false } = {}) {
  mkdirSync(CACHE, { recursive: true });
  const program = fileURLToPath(import.meta.url);
  return ['flock', join(CACHE, 'lock'), process.execPath, program, ...(again ? ['--again'] : [])];
}

// ---- fetching ---------------------------------------------------------------------

async function fetch(release, mirror, tell) {
  const folder = folderOf(release);
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  try {
    const packages = packagesOf(release);
    const apt = new Apt(join(unfinished, 'apt'), mirror, release.suite);
    tell(`reading the lists of ${release.suite}`);
    await apt.update();
    const files = await apt.download(join(unfinished, 'packages'), packages, (count) =>
      tell(`${count} of ${packages.length} packages fetched`),
    );
    for (const file of files) await run('dpkg-deb', ['--extract', file, unfinished]);
    // no use, and links of etc lead nowhere here
    for (const rest of ['apt', 'packages', 'etc', 'var', 'usr/share/doc', 'usr/share/man'])
      rmSync(join(unfinished, rest), { recursive: true, force: true });
    writeLaunchers(unfinished);
    for (const program of PROGRAMS) await run(join(unfinished, 'bin', program), ['--version']);
    writeFileSync(join(unfinished, 'stamp'), stampOf(release));
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
    rmSync(noteOf(release), { force: true });
    tell('is here');
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/**
 * bin/NAME for each program of OVN and Open vSwitch: a script that runs it by the loader of its own C library. The
 * process is that of the program, and the folder may be moved.
 */
function writeLaunchers(folder) {
  mkdirSync(join(folder, 'bin'));
  const { loader, libraries } = loaderIn(folder);
  for (const place of ['usr/bin', 'usr/sbin'])
    for (const name of readdirSync(join(folder, place)).filter((file) => /^ov[ns]/.test(file))) {
      if (!isBinary(join(folder, place, name))) continue;
      const script = join(folder, 'bin', name);
      const words = `--argv0 "$0" --library-path "$here/${libraries}" "$here/${place}/${name}" "$@"`;
      writeFileSync(script, `#!/bin/sh\nhere=\${0%/*}/..\nexec "$here/${loader}" ${words}\n`);
      chmodSync(script, 0o755);
    }
}

/** Of whatever processor: usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 and the like. */
function loaderIn(folder) {
  const libraries = 'usr/lib';
  for (const name of readdirSync(join(folder, libraries), { recursive: true }))
    if (/^[^/]+\/ld-linux[^/]*\.so\.\d+$/.test(name))
      return { loader: `${libraries}/${name}`, libraries: `${libraries}/${name.slice(0, name.indexOf('/'))}` };
  throw new Error('the package libc6 has no loader where it is looked for');
}

function isBinary(path) {
  const file = openSync(path);
  try {
    const head = Buffer.alloc(4);
    readSync(file, head);
    return head.toString('latin1') === '\u007fELF';
  } finally {
    closeSync(file);
  }
}

async function main() {
  const again = process.argv.includes('--again');
  const wanted = FETCHED_RELEASES.filter(
    (release) => !isFetched(release) && (again || whyMissing(release) === undefined),
  );
  if (wanted.length === 0) return;
  const mirror = systemMirror();
  const one = async (release) => {
    try {
      await fetch(release, await mirror, (how) => console.log(`OVN ${release.name}: ${how}`));
    } catch (error) {
      writeFileSync(noteOf(release), error.message);
    }
  };
  await Promise.all(wanted.map(one));
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
