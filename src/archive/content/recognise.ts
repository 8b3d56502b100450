/**
 * Telling by its first bytes what a file is. Names and media types are not looked at: they can be wrong.
 */
import { textAfterMark } from '../../lib/text/byte-order-mark.js';

/** A document, a clustered log, or a layer around one. */
export type FileKind = 'JSON' | 'YAML' | 'OVSDB' | 'CLUSTER' | 'GZIP' | 'ENCRYPTED';

/** So many first bytes are enough to tell, also what a file is that is none of these (foreign-file.ts). */
export const HEAD_BYTES = 1_024;

export const ENCRYPTED_MAGIC = Buffer.from('OVNCPENC', 'latin1');
const STANDALONE_MAGIC = 'OVSDB JSON ';
const CLUSTER_MAGIC = 'OVSDB CLUSTER ';
/** A directive, a document mark, a comment, or a first key. */
const YAML_HEAD = /^(?:%YAML |---(?:\s|$)|#|(["']?)[A-Za-z]\w*\1[ \t]*:(?:\s|$))/;

/** What the bytes begin, undefined for nothing that is known here. */
export function recognise(head: Buffer): FileKind | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'GZIP';
  if (head.subarray(0, ENCRYPTED_MAGIC.length).equals(ENCRYPTED_MAGIC)) return 'ENCRYPTED';
  const text = textAfterMark(head).toString('latin1', 0, HEAD_BYTES).trimStart();
  if (text.startsWith(STANDALONE_MAGIC)) return 'OVSDB';
  if (text.startsWith(CLUSTER_MAGIC)) return 'CLUSTER';
  if (text.startsWith('{')) return 'JSON';
  return YAML_HEAD.test(text) ? 'YAML' : undefined;
}

/** The first file in a chain file (chain-file.ts). */
export const CHAIN_INDEX = 'chain.json';
const TAR_MAGIC = 'ustar';
const TAR_MAGIC_AT = 257;

/** Whether the bytes begin a chain file: a tar archive that begins with its index. */
export function isChainFile(head: Buffer): boolean {
  const text = head.toString('latin1', 0, HEAD_BYTES);
  return text.startsWith(`${CHAIN_INDEX}\0`) && text.startsWith(TAR_MAGIC, TAR_MAGIC_AT);
}
