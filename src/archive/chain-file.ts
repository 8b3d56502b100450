/**
 * Chain files: a tar archive (POSIX.1-1988, ustar) with the stored files of a backup and of all that it builds on, the
 * one that stands by itself first. It begins with `chain.json`, which says how many there are; then each backup has its
 * manifest record (`01.json.gz.meta`) and its archive (`01.json.gz`). docs/archive-format.md describes it.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Header, type Pack, pack } from 'tar-stream';
import { z } from 'zod';
import { AppError } from '../lib/error.js';
import { CHAIN_INDEX as INDEX } from './content/recognise.js';

/** One backup of a chain file that is written. */
export interface ChainLink {
  readonly manifest: Buffer;
  /** Of the archive, with its dots: ".json.gz". */
  readonly extension: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly open: () => Promise<Readable>;
}

/** One backup of a chain file that is read: read `archive` to its end before asking for the next one. */
export interface ReadLink {
  /** From 1. */
  readonly number: number;
  readonly count: number;
  readonly manifest: Buffer;
  readonly archive: AsyncIterable<Buffer>;
}

const FORMAT = 'ovncp-chain/1';
const INDEX_SHAPE = z.object({ format: z.literal(FORMAT), backups: z.int().min(1).max(1_000) });
const INDEX_BYTES_MAX = 4_096;
const BLOCK_BYTES = 512;
const END_BYTES = 2 * BLOCK_BYTES;
const OWNER_ONLY = 0o600;

/** As tar-stream hands it on. */
interface Entry extends AsyncIterable<unknown> {
  readonly header: Header;
}

/** @param links from the one that stands by itself @returns the bytes, and how many come */
export function writeChainFile(links: readonly ChainLink[]): { readonly bytes: Readable; readonly size: number } {
  const index = Buffer.from(`${JSON.stringify({ format: FORMAT, backups: links.length })}\n`);
  const sizes = [index.length, ...links.flatMap(({ manifest, size }) => [manifest.length, size])];
  const tar = pack();
  fill(tar, index, links).catch((error: unknown) => tar.destroy(error as Error));
  const bytes = Readable.from(tar, { objectMode: false });
  return { bytes, size: sizes.reduce((sum, size) => sum + BLOCK_BYTES + padded(size), END_BYTES) };
}

async function fill(tar: Pack, index: Buffer, links: readonly ChainLink[]): Promise<void> {
  const at = (ms: number): Pick<Header, 'mode' | 'mtime'> => ({ mode: OWNER_ONLY, mtime: new Date(ms) });
  tar.entry({ name: INDEX, ...at(links.at(-1)?.createdAt ?? 0) }, index);
  for (const [i, { manifest, extension, size, createdAt, open }] of links.entries()) {
    const name = `${String(i + 1).padStart(2, '0')}${extension}`;
    tar.entry({ name: `${name}.meta`, ...at(createdAt) }, manifest);
    await pipeline(await open(), tar.entry({ name, size, ...at(createdAt) }));
  }
  tar.finalize();
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

/**
 * @param manifestBytesMax a longer manifest is refused
 * @throws AppError INTEGRITY_FAILED for a file that is cut or put together otherwise; what the source throws
 */
export async function* readChainFile(source: Readable, manifestBytesMax: number): AsyncGenerator<ReadLink> {
  const tar = extract();
  let fault: Error | undefined;
  source.once('error', (error) => {
    fault = error;
    tar.destroy(error);
  });
  /** What tar-stream finds wrong has no class of its own, and what is behind it comes as "destroyed". */
  const told = (error: unknown): unknown =>
    fault ?? (error instanceof AppError ? error : broken('it is cut or damaged', error));
  const entries = source.pipe(tar)[Symbol.asyncIterator]();
  try {
    const count = countIn(await contentOf(await nextEntry(entries, INDEX), INDEX_BYTES_MAX));
    for (let number = 1; number <= count; number++) {
      const record = await nextEntry(entries);
      const file = /^(\d+(?:\.[a-z]+)*)\.meta$/.exec(record.header.name)?.[1];
      if (file === undefined) throw broken(`"${record.header.name}" stands where a manifest should`);
      const manifest = await contentOf(record, manifestBytesMax);
      yield { number, count, manifest, archive: chunksOf(await nextEntry(entries, file), told) };
    }
    if ((await entries.next()).done !== true) throw broken(`it goes on behind its ${count} backups`);
  } catch (error) {
    throw told(error);
  } finally {
    source.destroy();
    tar.destroy();
  }
}

/** @param name left out: any */
async function nextEntry(entries: AsyncIterator<Entry>, name?: string): Promise<Entry> {
  const next = await entries.next();
  if (next.done === true) throw broken('it ends before all of its backups have come');
  const { header } = next.value;
  if (header.type !== 'file' || header.name !== (name ?? header.name))
    throw broken(`"${header.name}" stands where ${name ?? 'a manifest'} should`);
  return next.value;
}

async function contentOf(entry: Entry, bytesMax: number): Promise<Buffer> {
  if ((entry.header.size ?? 0) > bytesMax)
    throw broken(`"${entry.header.name}" has more than the ${bytesMax} bytes that it may have`);
  const pieces: Buffer[] = [];
  for await (const piece of entry) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

async function* chunksOf(entry: Entry, told: (error: unknown) => unknown): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of entry) yield chunk as Buffer;
  } catch (error) {
    throw told(error);
  }
}

function countIn(index: Buffer): number {
  try {
    return INDEX_SHAPE.parse(JSON.parse(index.toString())).backups;
  } catch (error) {
    throw broken(`${INDEX} is not of the format ${FORMAT}: it may come from a newer version`, error);
  }
}

function broken(what: string, cause?: unknown): AppError {
  const todo = 'Take another copy, or export the chain again';
  return new AppError('INTEGRITY_FAILED', `The chain file cannot be read: ${what}. ${todo}`, { cause });
}
