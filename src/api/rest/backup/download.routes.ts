/** Exports that are prepared, and fetched in a moment by somebody who sends no token, such as a browser. */
import { z } from 'zod';
import { viewerOf } from '../../../auth/permission.js';
import { instant as instantText } from '../../../lib/clock.js';
import { FORMAT_MEDIA_TYPES } from '../../../service/backup/layout.js';
import { downloadExport, prepareExport } from '../../../service/transfer/export-command.js';
import type { ExportService } from '../../../service/transfer/export-service.js';
import type { PreparedExports, WantedExport } from '../../../service/transfer/prepared-exports.js';
import { DOWNLOADS, downloadAddress } from '../../http/download-address.js';
import { instant } from '../common/answer-shape.js';
import { KEY_IN_HEADER } from '../common/header-key.js';
import { noQuery, nothing } from '../common/request-shape.js';
import { restForm } from '../common/rest-form.js';
import { type Route, route } from '../common/route.js';
import { CHAIN_MEDIA_TYPE, fileHeaders, mediaTypeOf, send } from './export-answer.js';

export interface DownloadRouteParts {
  readonly exports: ExportService;
  readonly prepared: PreparedExports;
}

const addressShape = z
  .object({
    url: z.string().describe('A path on this server'),
    expires_at: instant.describe('When the address stops working'),
  })
  .meta({ id: 'ExportAddress', description: 'An address to download a backup from' });

export function downloadRoutes(parts: DownloadRouteParts): readonly Route[] {
  return [prepareRoute(parts), downloadRoute(parts)];
}

function prepareRoute({ prepared }: DownloadRouteParts): Route {
  return route({
    name: 'prepareExport',
    asks: prepareExport,
    idIs: 'backupId',
    method: 'POST',
    path: '/api/v1/backups/:id/export/prepare',
    tag: 'Backups',
    query: noQuery,
    body: restForm(prepareExport.input, { without: ['backupId'] }),
    bodyKind: 'JSON',
    bodyExample: '{"format": "yaml"}',
    headers: KEY_IN_HEADER,
    summary: 'Prepare a download that a browser can fetch without a token',
    description: 'The address works once, within 60 seconds, and needs no token: anybody who has it may download.',
    answers: { 201: { description: 'The address', shape: addressShape } },
    errors: ['NOT_FOUND', 'DECRYPTION_FAILED'],
    handle: async ({ id, body, ask }) => {
      const { id: download, expiresAt } = await ask(prepareExport, prepared, { ...body, backupId: id });
      return { status: 201, body: { url: downloadAddress(download), expires_at: instantText(expiresAt) } };
    },
  });
}

function downloadRoute({ exports, prepared }: DownloadRouteParts): Route {
  return route({
    name: 'downloadExport',
    method: 'GET',
    path: `${DOWNLOADS}/:id`,
    tag: 'Backups',
    query: noQuery,
    body: nothing,
    bodyKind: 'NONE',
    idAbout: 'The secret of the address that was prepared',
    summary: 'Download what was prepared',
    description:
      'Works once, within 60 seconds. HEAD answers with the headers, and does not use it up. The audit ' +
      'trail counts it as a call of the token that prepared it.',
    answers: { 200: { description: 'The file', media: [...Object.values(FORMAT_MEDIA_TYPES), CHAIN_MEDIA_TYPE] } },
    errors: ['NOT_FOUND', 'INTEGRITY_FAILED', 'DECRYPTION_FAILED', 'STORE_FULL', 'STORE_UNAVAILABLE'],
    head: (id) => {
      const { wanted } = prepared.look(id);
      return fileHeaders(exports.nameOf(wanted), mediaOf(wanted));
    },
    handle: async ({ id, ask, request, reply }) => {
      const { wanted, subject } = prepared.take(id);
      request.scope.viewer = viewerOf(subject, []);
      const file = await ask(downloadExport, exports, wanted);
      send(reply, file, mediaOf(wanted));
      return undefined;
    },
  });
}

function mediaOf({ raw, chain, format }: WantedExport): string {
  if (chain) return CHAIN_MEDIA_TYPE;
  return raw ? 'application/octet-stream' : mediaTypeOf(format);
}
