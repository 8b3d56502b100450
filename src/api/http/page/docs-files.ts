/**
 * The documents of the project, docs/NAME.md, and what they link to beside them: they are read once, when the server
 * starts, and served as text.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { errnoOf } from '../../../lib/error.js';

export interface Doc {
  readonly path: string;
  /** Its first heading. */
  readonly title: string;
  readonly text: string;
}

const NAME = /^[a-z0-9-]+\.md$/;
/** Where they are beside the folder of the documents. */
const LINKED = ['README.md', 'LICENSE', 'codegen.yml', 'schema/schema.graphql'];
const OPERATIONS = 'schema/operations';

/** The documents of a folder by their names; none where they cannot be read: a server that backs up needs none. */
export async function readDocs(folder: string): Promise<readonly Doc[]> {
  try {
    return await docsIn(folder);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

async function docsIn(folder: string): Promise<readonly Doc[]> {
  const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8');
      return { path: `/docs/${name}`, title: /^# (.+)$/m.exec(text)?.[1] ?? name, text };
    }),
  );
}

/** What the documents link to beside their folder; operations one after the other. Nothing where it cannot be read. */
export async function readLinked(folder: string): Promise<readonly Omit<Doc, 'title'>[]> {
  try {
    const files = LINKED.map(async (name) => ({
      path: `/${name}`,
      text: await readFile(join(folder, '..', name), 'utf8'),
    }));
    return await Promise.all([...files, operationsIn(join(folder, '..', OPERATIONS))]);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

async function operationsIn(folder: string): Promise<Omit<Doc, 'title'>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.graphql')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return { path: `/${OPERATIONS}`, text: texts.join('\n') };
}

/** Serves each at its path, and nothing else of the folder. */
export function serveDocs(fastify: FastifyInstance, docs: readonly Omit<Doc, 'title'>[]): void {
  // a browser shows text, and saves what is called Markdown
  for (const { path, text } of docs)
    fastify.get(path, (_request, reply) => reply.type('text/plain; charset=utf-8').send(text));
}
