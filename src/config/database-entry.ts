/** An entry of `databases:` in the configuration file. */
import { z } from 'zod';
import { defined } from '../lib/defined.js';
import { NORTHBOUND } from '../model/northbound/tables.js';
import { parseRemotes, type Remote } from '../ovsdb/remote.js';
import type { DatabaseConfig } from './database-config.js';
import { databaseName, readableFile, runtimeKey } from './variable.js';

/** Text, or a list of texts: what a variable has between commas. */
const items = (what: string) =>
  z.unknown().transform((value, context): readonly string[] => {
    const list = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
    if (Array.isArray(list) && list.every((item): item is string => typeof item === 'string'))
      return list.filter((item) => item !== '');
    context.addIssue(`takes ${what}: one, several separated by commas, or a list`);
    return z.NEVER;
  });

const text = z.string('takes text');
const id = z
  .string({
    error: ({ input }) => (input === undefined ? 'is missing; give the database an id of its own' : 'takes text'),
  })
  .regex(
    /^[a-z0-9][a-z0-9-_.]{0,62}$/,
    'is not an id; use small letters, digits and - _ . (63 at most), and begin with a letter or a digit',
  );
const remotes = items('remotes').transform((list, context): readonly Remote[] => {
  if (list.length === 0) context.addIssue('is missing; say where the database listens, such as tcp:10.0.0.1:6641');
  return list.flatMap((item) => {
    try {
      return parseRemotes(item);
    } catch (error) {
      context.addIssue(error instanceof Error ? error.message : String(error));
      return [];
    }
  });
});
const pem = z
  .string({ error: ({ input }) => (input === undefined ? 'is missing; the three belong together' : 'takes a path') })
  .pipe(readableFile);

const takes = (what: string, description: string) => ({ takes: what, description });

export const DATABASE_ENTRY = z.strictObject({
  id: id.meta(
    takes(
      'small letters, digits and `-` `_` `.`, 63 at most',
      'What the database is called in the APIs. Backups and restores are kept under it. Do not give the id of one ' +
        'database to another',
    ),
  ),
  label: text
    .max(200, 'is too long; use 200 characters at most')
    .optional()
    .meta(takes('text', 'What people call it. Not set: the id')),
  remotes: remotes.meta(takes('text with commas, or a list', 'Where it listens, as for `OVN_NB_DB`')),
  schema: databaseName
    .default(NORTHBOUND)
    .meta(takes('name of a database', 'As for `OVN_DB_NAME`. Not set: `OVN_Northbound`')),
  ssl: z
    .strictObject(
      { privateKey: pem, certificate: pem, caCertificate: pem },
      'takes privateKey, certificate and caCertificate',
    )
    .optional()
    .meta(takes('`privateKey`, `certificate` and `caCertificate`', 'PEM files. Needed with `ssl:` remotes')),
  runtimeKeys: items('keys')
    .transform((list, context) => list.map((item) => runtimeKey(item, context)))
    .optional()
    .meta(
      takes(
        'text with commas, or a list',
        'As for `OVNCP_RUNTIME_KEYS`, for this database alone. In a list a key may have a comma',
      ),
    ),
  default: z
    .boolean('takes true or false')
    .optional()
    .meta(takes('`true` or `false`', 'Whether it is meant where no database is named. Not set for any: the first one')),
});

export type DatabaseEntry = z.output<typeof DATABASE_ENTRY>;

/** @param file that it stands in */
export function configOf(
  { id: name, label, remotes: where, schema, ssl, runtimeKeys }: DatabaseEntry,
  file: string,
  isDefault: boolean,
): DatabaseConfig {
  const setting = (key: string): string => `${key} of ${name} in ${file}`;
  return {
    id: name,
    label: label ?? name,
    isDefault,
    remotes: where,
    schemaName: schema,
    ...defined({
      ssl: ssl && {
        privateKeyFile: ssl.privateKey,
        certificateFile: ssl.certificate,
        caCertificateFile: ssl.caCertificate,
      },
    }),
    runtimeKeys: runtimeKeys ?? [],
    settings: {
      remotes: setting('what stands for remotes'),
      certificate: setting('ssl.certificate'),
      caCertificate: setting('ssl.caCertificate'),
    },
  };
}
