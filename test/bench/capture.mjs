// One capture of a database by the built code, and nothing else: `capture.mjs REMOTE BUILD`
// prints {"ms", "rows"}. What a restore onto an equal database costs is measured against it.

import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

const [, , remote, build] = process.argv;
const load = (file) => import(pathToFileURL(resolve(build, file)).href);
const [{ DatabaseClient }, { parseRemotes }, { capture }, { countRows }] = await Promise.all(['ovsdb/client.js', 'ovsdb/remote.js', 'engine/capture.js', 'model/snapshot.js'].map(load));
const client = new DatabaseClient({ database: 'OVN_Northbound', remotes: parseRemotes(remote) });
const began = performance.now();
const rows = await client.withSession({ leader: true }, async (session) => countRows(await capture(session)));
process.stdout.write(JSON.stringify({ ms: performance.now() - began, rows }));
