// One capture of a database by the built code, and nothing else: `capture.mjs REMOTE BUILD [FAST|PACED]`
// prints {"ms", "rows", "silenceMs"}. What a restore onto an equal database costs is measured against it.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , remote, build, mode = 'FAST'] = process.argv;
const load = (file) => import(pathToFileURL(resolve(build, file)).href);
const [{ systemClock: clock }, { DatabaseClient }, { parseRemotes }, { FollowedDatabase }, { countRows }] =
  await Promise.all(
    [
      'lib/clock.js',
      'ovsdb/client.js',
      'ovsdb/remote.js',
      'engine/capture/followed-database.js',
      'model/snapshot/snapshot.js',
    ].map(load),
  );
const client = new DatabaseClient({ database: 'OVN_Northbound', remotes: parseRemotes(remote), clock });
const began = performance.now();
const captured = await client.withSession({ leader: false }, async (session) => {
  const followed = await FollowedDatabase.capture(session, { clock, mode });
  const rows = countRows(await followed.current());
  await followed.release();
  return { rows, silenceMs: followed.longestSilenceMs };
});
process.stdout.write(JSON.stringify({ ms: performance.now() - began, ...captured }));
