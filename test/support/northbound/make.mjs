#!/usr/bin/env node
// Makes an OVN Northbound database file of any size, the same for the same arguments:
// as a command,
//
//   node make.mjs --profile k8s|openstack|small [--rows N] [--seed S]
//                 [--schema FILE] [--edge] [--quiet] --out FILE
//
// and as a function, makeNorthbound().
//
// --rows    total rows in all tables (exact; not used by `small`)
// --edge    `small` only: also values that are legal but rare (64-bit integers,
//           control and non-BMP characters, empty keys)
// --schema  default: that of Debian's ovn-central; columns and tables that the
//           schema lacks are left out

import { existsSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { NorthboundFile } from './lib/northbound-file.mjs';
import { Rng } from './lib/rng.mjs';
import * as k8s from './profiles/k8s.mjs';
import * as openstack from './profiles/openstack.mjs';
import * as small from './profiles/small.mjs';

const PROFILES = { k8s, openstack, small };
const SCHEMAS = ['/usr/share/ovn/ovn-nb.ovsschema', '/usr/local/share/ovn/ovn-nb.ovsschema'];

/** The path of the installed Northbound schema; an error that says what to install if there is none. */
export function installedSchema() {
  const found = SCHEMAS.find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(`no Northbound schema in ${SCHEMAS.join(' or ')}: install Debian's ovn-central`);
  return found;
}

/**
 * Writes a standalone database file: the schema, and one transaction with all rows.
 * Returns the path, the size in bytes, and the rows in all and per table.
 */
export function makeNorthbound({
  profile = 'k8s',
  rows = 10_000,
  seed = 1,
  edge = false,
  schema = installedSchema(),
  out,
}) {
  const chosen = Object.hasOwn(PROFILES, profile) ? PROFILES[profile] : undefined;
  if (chosen === undefined) throw new Error(`unknown profile "${profile}": one of ${Object.keys(PROFILES).join(', ')}`);
  if (!Number.isInteger(seed) || seed < 0) throw new Error('the seed is a whole number, 0 or more');
  if (!Number.isInteger(rows) || rows < chosen.minRows)
    throw new Error(`rows is a whole number, at least ${chosen.minRows} for profile ${profile}`);
  if (typeof out !== 'string' || out === '') throw new Error('out, the file to write, is missing');
  const file = new NorthboundFile(schema);
  chosen.generate(file, new Rng(seed), rows, { edge });
  const bytes = file.write(out, `northbound ${profile} rows=${file.rows} seed=${seed}`);
  return { out, profile, seed, rows: file.rows, bytes, skipped: file.skipped, tables: file.counts() };
}

function main() {
  const { values } = parseArgs({
    options: {
      profile: { type: 'string', default: 'k8s' },
      rows: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      schema: { type: 'string' },
      out: { type: 'string' },
      edge: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
    },
  });
  const { quiet, schema, ...rest } = values;
  const made = makeNorthbound({
    ...rest,
    ...(schema === undefined ? {} : { schema }),
    rows: Number(values.rows),
    seed: Number(values.seed),
  });
  if (!quiet) console.log(JSON.stringify(made, null, 1));
}

if (
  process.argv[1] !== undefined &&
  existsSync(process.argv[1]) &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  try {
    main();
  } catch (error) {
    console.error(`make.mjs: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 2;
  }
}
