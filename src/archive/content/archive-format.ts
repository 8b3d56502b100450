/** The formats that the content of an archive can have, and what follows from them. */

/** OVSDB is a database file: ours are standalone, those of cluster members are read as well. */
export const ARCHIVE_FORMATS = ['JSON', 'YAML', 'OVSDB'] as const;

export type ArchiveFormat = (typeof ARCHIVE_FORMATS)[number];

/** What the name of a file in that format ends with, before it is compressed or encrypted. */
export const FORMAT_EXTENSIONS = { JSON: '.json', YAML: '.yaml', OVSDB: '.db' } as const satisfies PerFormat;

export const FORMAT_MEDIA_TYPES = {
  JSON: 'application/json',
  YAML: 'application/yaml',
  OVSDB: 'application/octet-stream',
} as const satisfies PerFormat;

type PerFormat = Readonly<Record<ArchiveFormat, string>>;
