/** Mistakes with files that are to be imported, over REST. */

import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { installedSchema } from '../northbound/make.mjs';
import { type Made, type Mistake, textOfRest, type World } from './mistake.js';

const BACKUPS = '/api/v1/backups';
const IMPORT = `${BACKUPS}/import`;

function file(
  who: string,
  content: (world: World) => Uint8Array<ArrayBuffer> | string | Promise<Uint8Array<ArrayBuffer> | string>,
  told: Omit<Mistake, 'who'>,
  more: Readonly<Record<string, string>> = {},
): Made {
  return {
    who: `file: ${who}`,
    ...told,
    read: async (world) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(more)) form.set(name, value);
      form.set('file', new Blob([await content(world)]), 'a-file');
      const { status, body } = await world.rest.post(IMPORT, form);
      if (status < 400) throw new Error(`it is no mistake: ${status} ${JSON.stringify(body)}`);
      return textOfRest(body);
    },
  };
}

async function exported({ rest, backupId }: World, query = ''): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await rest.fetch(`${BACKUPS}/${backupId}/export${query}`)).arrayBuffer());
}

const text = async (world: World, query = ''): Promise<string> => Buffer.from(await exported(world, query)).toString();

export const FILE_MISTAKES: readonly Made[] = [
  file('nothing', () => '', { what: /empty|no bytes/, where: /file|import|archive/i, todo: /[Ss]end|[Tt]ake|import/ }),
  file('a letter', () => 'Dear admin, here is your backup.', {
    what: /no backup|not a backup|not known|is none|no archive/,
    where: /file|archive|import/i,
    todo: /JSON.*YAML|import|export/,
  }),
  file('a schema', () => readFile(installedSchema(), 'utf8'), {
    what: /schema/,
    where: /file|archive|import/i,
    todo: /database|ovsdb-tool|backup/,
  }),
  file('a page of the web', () => '<!DOCTYPE html><html><body>Sign in</body></html>', {
    what: 'no backup',
    where: 'a page of HTML',
    todo: 'fetch the backup again',
  }),
  file('an error of curl, kept as a file', () => '{"error":"No token","code":"UNAUTHENTICATED","request_id":"x"}', {
    what: 'no backup',
    where: 'an answer of a server',
    todo: 'fetch the backup again',
  }),
  file('the half of a document', async (world) => (await exported(world)).subarray(0, 700), {
    what: /end|cut|damaged/,
    where: /archive|document|byte \d+|line \d+/,
    todo: /another copy|send it again|the whole/i,
  }),
  file('the half of a compressed one', async (world) => new Uint8Array(gzipSync(await text(world))).subarray(0, 300), {
    what: /gzip|end|cut|damaged/,
    where: /archive|gzip|file/i,
    todo: /another copy|send it again|the whole/i,
  }),
  file('a document that somebody edited', async (world) => (await text(world)).replace('"edge"', '"edgy"'), {
    what: /changed|damaged|checksum|digest|differs/,
    where: /archive|document|content/,
    todo: /another copy|import|take/i,
  }),
  file('a value of another type', async (world) => (await text(world)).replace('"name":"edge"', '"name":7'), {
    what: /edge|name|row|schema/,
    where: /row|column|Logical_Router/,
    todo: /Correct|another copy/,
  }),
  file('YAML with a tab in it', async (world) => (await text(world, '?format=yaml')).replace(/^ {2}/m, '\t'), {
    what: /tab|laid out|damaged|YAML/,
    where: /line \d+|\(\d+:\d+\)/,
    todo: /another copy|[Cc]orrect|Take/,
  }),
  file(
    'a format that there is not',
    exported,
    {
      what: /xml/,
      where: /format/,
      todo: /json.*yaml.*ovsdb/,
    },
    { format: 'xml' },
  ),
  file(
    'another format than it has',
    exported,
    {
      what: /yaml|json/i,
      where: /format|file/i,
      todo: /leave|json/i,
    },
    { format: 'ovsdb' },
  ),
  file(
    'a field of the form with a typing error',
    exported,
    {
      what: '"nmae"',
      where: /nmae/,
      todo: /did you mean "?name/,
    },
    { nmae: 'x' },
  ),
  file(
    'a key for what is not encrypted',
    exported,
    {
      what: 'is not encrypted',
      where: 'The file',
      todo: 'leave the decryption key out',
    },
    { decryption_key: 'a passphrase of some length' },
  ),
  {
    who: 'file: a form without one',
    what: /file/,
    where: /form|file/,
    todo: 'a form field with the file',
    read: async ({ rest }) => {
      const form = new FormData();
      form.set('name', 'x');
      return textOfRest((await rest.post(IMPORT, form)).body);
    },
  },
  {
    who: 'file: under another name of the form',
    what: 'upload',
    where: /upload/,
    todo: /file/,
    read: async ({ rest }) => {
      const form = new FormData();
      form.set('upload', new Blob(['x']), 'a-file');
      return textOfRest((await rest.post(IMPORT, form)).body);
    },
  },
];
