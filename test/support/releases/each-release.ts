/** Tests for each OVN release: those of a release that is not here are skipped, and their names say why. */
import { everyRelease, isMissing, type MissingRelease, type Release } from './release.js';

/** One test for each release. */
export async function testEachRelease(name: string, test: (release: Release) => Promise<void>): Promise<void> {
  for (const release of await everyRelease())
    define(`OVN ${release.name}: ${name}`, [release], () => test(release as Release));
}

/** One test for every release with every release, itself too. */
export async function testEachPair(
  name: (source: string, target: string) => string,
  test: (source: Release, target: Release) => Promise<void>,
): Promise<void> {
  const all = await everyRelease();
  for (const source of all)
    for (const target of all)
      define(name(source.name, target.name), [source, target], () => test(source as Release, target as Release));
}

/** @param test is not run where one of the releases is missing */
function define(name: string, releases: readonly (Release | MissingRelease)[], test: () => Promise<void>): void {
  const missing = new Set(releases.filter(isMissing));
  const reasons = [...missing].map((release) => `OVN ${release.name} is not here: ${release.reason}`).join('; ');
  if (missing.size > 0) it.skip(`${name} (${reasons})`, () => undefined);
  else it(name, test);
}
