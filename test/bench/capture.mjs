// One capture of a database by the built code, and nothing else: `capture.mjs REMOTE BUILD [FAST|PACED]`
// prints {"ms", "rows", "silenceMs"}. What a restore onto an equal database costs is measured against it.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , remote, build, mode = 'FAST'] = process.argv;
const load = (file) => import(pathToFileURL(resolve(build, file)).href);
const [{ DatabaseClient }, { parseRemotes }, { HeldDatabase }, { countRows }] = await Promise.all(
  ['ovsdb/client.js', 'ovsdb/remote.js', 'engine/capture/held-database.js', 'model/snapshot.js'].map(load),
);
const client = new DatabaseClient({ database: 'OVN_Northbound', remotes: parseRemotes(remote) });
const began = performance.now();
const captured = await client.withSession({ leader: false }, async (session) => {
  const held = await HeldDatabase.capture(session, { mode });
  const rows = countRows(await held.current());
  await held.release();
  return { rows, silenceMs: held.longestSilenceMs };
});
process.stdout.write(JSON.stringify({ ms: performance.now() - began, ...captured }));
