/** Exports in REST: a document in the format asked for, or the stored file as it is, whole or in part. */
import type { z } from 'zod';
import { getBackup } from '../../../service/backup/backup-command.js';
import type { Catalog } from '../../../service/backup/catalog/catalog.js';
import { FORMAT_MEDIA_TYPES } from '../../../service/backup/layout.js';
import { exportBackup } from '../../../service/transfer/export-command.js';
import type { ExportService } from '../../../service/transfer/export-service.js';
import { nothing } from '../common/request-shape.js';
import { type Answer, type Call, type Route, route } from '../common/route.js';
import { exportQuery } from './backup-request.js';
import { CHAIN_MEDIA_TYPE, mediaTypeOf, send } from './export-answer.js';

export interface ExportRouteParts {
  readonly exports: ExportService;
  readonly catalog: Catalog;
}

type ExportCall = Call<z.output<typeof exportQuery>, unknown>;

export function exportRoute(parts: ExportRouteParts): Route {
  return route({
    name: 'exportBackup',
    method: 'GET',
    path: '/api/v1/backups/:id/export',
    tag: 'Backups',
    asks: exportBackup,
    idIs: 'backupId',
    query: exportQuery,
    body: nothing,
    bodyKind: 'NONE',
    headers: {
      'X-Decryption-Key': 'The passphrase of an encrypted backup. Not needed with raw=true',
      Range: 'With raw=true: a part of the file, as bytes=FIRST-LAST',
      'If-Range': 'With Range: the ETag of an earlier answer. If the file is another one by now, all of it is sent',
    },
    summary: 'Download a backup',
    description:
      'The document, decompressed and decrypted, in the format asked for. `ovsdb` is a database file that ' +
      'ovsdb-server serves and `ovsdb-client restore` reads. All of the backup is read and checked before the first ' +
      'byte is sent. With `raw=true` it is the stored file, byte for byte, and with `chain=true` those of all ' +
      'backups that it builds on too.',
    answers: {
      200: { description: 'The file', media: [...Object.values(FORMAT_MEDIA_TYPES), CHAIN_MEDIA_TYPE] },
      206: { description: 'The part of the stored file that was asked for', media: ['application/octet-stream'] },
      416: { description: 'The part begins past the end of the file' },
    },
    errors: ['NOT_FOUND', 'INTEGRITY_FAILED', 'DECRYPTION_FAILED', 'STORE_FULL', 'STORE_UNAVAILABLE'],
    handle: async (call) => (call.query.raw ? sendStored(call, parts) : sendExport(call, parts)),
  });
}

async function sendExport(call: ExportCall, { exports }: ExportRouteParts): Promise<undefined> {
  const { id, query, request, ask } = call;
  const key = request.headers['x-decryption-key'];
  const { format, chain } = query;
  const input = { backupId: id, format, chain, ...(typeof key === 'string' ? { decryptionKey: key } : {}) };
  send(call.reply, await ask(exportBackup, exports, input), chain ? CHAIN_MEDIA_TYPE : mediaTypeOf(format));
}

async function sendStored(call: ExportCall, { exports, catalog }: ExportRouteParts): Promise<Answer | undefined> {
  const { id, request, reply, ask } = call;
  // what is told of the file before the export itself: only to who may have it
  const { size, checksum } = await ask(getBackup, catalog, { backupId: id });
  const etag = `"${checksum}"`;
  const condition = request.headers['if-range'];
  const range = condition === undefined || condition === etag ? rangeOf(request.headers.range, size) : undefined;
  void reply.headers({ 'accept-ranges': 'bytes', etag });
  if (range === 'PAST_END') {
    void reply.header('content-range', `bytes */${size}`);
    return {
      status: 416,
      body: { error: `Range: the file has ${size} bytes`, code: 'BAD_USER_INPUT', request_id: request.id },
    };
  }
  const stored = await ask(exportBackup, exports, { backupId: id, raw: true, range });
  if (range !== undefined)
    void reply.code(206).header('content-range', `bytes ${range.start}-${range.end - 1}/${size}`);
  send(call.reply, stored, 'application/octet-stream');
  return undefined;
}

interface Range {
  readonly start: number;
  /** Not included. */
  readonly end: number;
}

/** One range of bytes (RFC 9110, 14.2). Undefined for what is none, or several: then the whole file is the answer. */
export function rangeOf(header: string | undefined, size: number): Range | 'PAST_END' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '')
    return last === '0' || size === 0 ? 'PAST_END' : { start: Math.max(0, size - Number(last)), end: size };
  if (last !== '' && Number(last) < Number(first)) return undefined;
  if (Number(first) >= size) return 'PAST_END';
  return { start: Number(first), end: last === '' ? size : Math.min(size, Number(last) + 1) };
}
