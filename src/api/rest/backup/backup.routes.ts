/** Backups in REST. Each route calls one method of a service. */

import { sliceOf } from '../../../lib/page.js';
import type { BackupService } from '../../../service/backup/backup-service.js';
import type { Catalog } from '../../../service/backup/catalog.js';
import type { ImportService } from '../../../service/transfer/import-service.js';
import { checked } from '../../http/field.js';
import {
  backupCreatedShape,
  backupListShape,
  backupOf,
  backupShape,
  messageShape,
  validationOf,
  validationShape,
} from '../common/answer.js';
import {
  createBackup,
  importDetails,
  importForm,
  importQuery,
  listBackups,
  noQuery,
  nothing,
  validateBackup,
} from '../common/request.js';
import { type Route, route } from '../route.js';
import { openImportBody } from './import-body.js';

export interface BackupRouteParts {
  readonly backups: BackupService;
  readonly catalog: Catalog;
  readonly imports: ImportService;
}

const tag = 'Backups';
const BACKUPS = '/api/v1/backups';
const BACKUP = `${BACKUPS}/:id`;

export function backupRoutes({ backups, catalog, imports }: BackupRouteParts): readonly Route[] {
  return [
    route({
      name: 'listBackups',
      method: 'GET',
      path: BACKUPS,
      tag,
      needs: ['backups:read'],
      query: listBackups,
      body: nothing,
      bodyKind: 'NONE',
      summary: 'List backups, newest first',
      answers: { 200: { description: 'The backups, and how many pass the filter in all', shape: backupListShape } },
      errors: [],
      handle: async ({ query: { filter, offset, limit } }) => {
        const found = catalog.all(filter);
        return {
          status: 200,
          body: {
            backups: sliceOf(found, offset, limit).map(backupOf),
            total: found.length,
          },
        };
      },
    }),
    route({
      name: 'getBackup',
      method: 'GET',
      path: BACKUP,
      tag,
      needs: ['backups:read'],
      query: noQuery,
      body: nothing,
      bodyKind: 'NONE',
      summary: 'Look into one backup',
      answers: { 200: { description: 'The backup itself', shape: backupShape } },
      errors: ['NOT_FOUND'],
      handle: async ({ id }) => ({ status: 200, body: backupOf(catalog.get(id)) }),
    }),
    route({
      name: 'createBackup',
      method: 'POST',
      path: BACKUPS,
      tag,
      needs: ['backups:write'],
      audited: true,
      query: noQuery,
      body: createBackup,
      bodyKind: 'JSON',
      summary: 'Back up the database, or a part of it',
      description: 'Answers when the backup is stored.',
      answers: { 201: { description: 'The backup', shape: backupCreatedShape } },
      errors: ['NOT_FOUND', 'DATABASE_UNAVAILABLE', 'STORE_FULL', 'STORE_UNAVAILABLE', 'TOO_LARGE'],
      handle: async ({ body, viewer, request }) => {
        const record = await backups.start({ ...body, subject: viewer.subject }).done;
        request.scope.target = { backupId: record.id, name: record.name };
        return { status: 201, body: { backup: backupOf(record), message: 'Backup created successfully' } };
      },
    }),
    route({
      name: 'importBackup',
      method: 'POST',
      path: `${BACKUPS}/import`,
      tag,
      needs: ['backups:write'],
      audited: true,
      query: importQuery,
      body: importForm,
      bodyKind: 'UPLOAD',
      headers: {
        'X-Decryption-Key': 'The passphrase of an encrypted file. Without it the file is stored still encrypted',
      },
      summary: 'Take over a backup file',
      description:
        'Takes multipart (field `file`, and the members of ImportBackup as fields), the JSON form, or the file ' +
        'itself as body. The file may be a document of this server (JSON, YAML), what `ovsdb-client backup` ' +
        "writes, a database file of ovsdb-server, standalone or of a cluster's member, each also gzip-compressed, " +
        'or encrypted by this server. What it is is read from its content.',
      answers: { 201: { description: 'The backup, with a new id', shape: backupCreatedShape } },
      errors: ['TOO_LARGE', 'INTEGRITY_FAILED', 'DECRYPTION_FAILED', 'STORE_FULL', 'STORE_UNAVAILABLE'],
      handle: async ({ query, viewer, signal, request }) => {
        const { source, members, fileName } = await openImportBody(request.raw);
        const key = request.headers['x-decryption-key'];
        const record = await imports.import({
          source,
          signal,
          subject: viewer.subject,
          details: () => ({
            ...checked(importDetails, {
              name: query.name,
              description: query.description,
              format: query.format,
              tags: query.tag,
              ...(typeof key === 'string' ? { decryption_key: key } : {}),
              ...members(),
            }),
            fileName,
          }),
        });
        request.scope.target = { backupId: record.id, name: record.name };
        return { status: 201, body: { backup: backupOf(record), message: 'Backup imported successfully' } };
      },
    }),
    route({
      name: 'validateBackup',
      method: 'POST',
      path: `${BACKUPS}/validate`,
      tag,
      needs: ['backups:read'],
      audited: true,
      query: noQuery,
      body: validateBackup,
      bodyKind: 'JSON',
      summary: 'Read a stored backup back and check it',
      description: 'Checks the checksum, decryption, format, every row against its schema, and references.',
      answers: { 200: { description: 'What was found', shape: validationShape } },
      errors: ['NOT_FOUND', 'DECRYPTION_FAILED', 'STORE_UNAVAILABLE'],
      handle: async ({ body: { backupId, decryptionKey }, request }) => {
        request.scope.target = { backupId };
        return { status: 200, body: validationOf(await backups.validate(backupId, decryptionKey)) };
      },
    }),
    route({
      name: 'deleteBackup',
      method: 'DELETE',
      path: BACKUP,
      tag,
      needs: ['backups:delete'],
      audited: true,
      query: noQuery,
      body: nothing,
      bodyKind: 'NONE',
      summary: 'Delete a backup for good',
      answers: { 200: { description: 'It is gone', shape: messageShape } },
      errors: ['NOT_FOUND', 'STORE_UNAVAILABLE'],
      handle: async ({ id, viewer, request }) => {
        request.scope.target = { backupId: id };
        await backups.delete(id, viewer.subject);
        return { status: 200, body: { message: 'Backup deleted successfully' } };
      },
    }),
  ];
}
