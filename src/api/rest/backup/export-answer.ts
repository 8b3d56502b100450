/** Sending an exported file. */
import type { FastifyReply } from 'fastify';
import { type ArchiveFormat, FORMAT_MEDIA_TYPES } from '../../../service/backup/layout.js';
import type { Exported } from '../../../service/transfer/export-service.js';

export const CHAIN_MEDIA_TYPE = 'application/x-tar';

export function mediaTypeOf(format: ArchiveFormat): string {
  return format === 'OVSDB' ? FORMAT_MEDIA_TYPES[format] : `${FORMAT_MEDIA_TYPES[format]}; charset=utf-8`;
}

/** The stream is destroyed when the client goes away. */
export function send(reply: FastifyReply, { bytes, size, fileName }: Exported, media: string): void {
  void reply.headers({ ...fileHeaders(fileName, media), 'content-length': size }).send(bytes);
}

/** What is known of a file before it is made. */
export function fileHeaders(fileName: string, media: string): Readonly<Record<string, string>> {
  return { 'content-type': media, 'content-disposition': `attachment; filename="${fileName}"` };
}
