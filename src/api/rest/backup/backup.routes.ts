/** Backups in REST. Each route calls one method of a service. */
import { sliceOf } from '../../../lib/page.js';
import type { BackupService } from '../../../service/backup/backup-service.js';
import type { Catalog } from '../../../service/backup/catalog.js';
import { messageShape } from '../common/answer-shape.js';
import { noQuery, nothing } from '../common/request-shape.js';
import { type Route, route } from '../common/route.js';
import {
  backupCreatedShape,
  backupListShape,
  backupOf,
  backupShape,
  validationOf,
  validationShape,
} from './backup-answer.js';
import { createBackup, listBackups, validateBackup } from './backup-request.js';
import { type ImportRouteParts, importRoute } from './import.route.js';

export interface BackupRouteParts extends ImportRouteParts {
  readonly backups: BackupService;
  readonly catalog: Catalog;
}

const tag = 'Backups';
const BACKUPS = '/api/v1/backups';
const BACKUP = `${BACKUPS}/:id`;

export function backupRoutes(parts: BackupRouteParts): readonly Route[] {
  return [
    listRoute(parts),
    getRoute(parts),
    createRoute(parts),
    importRoute(parts),
    validateRoute(parts),
    deleteRoute(parts),
  ];
}

function listRoute({ catalog }: BackupRouteParts): Route {
  return route({
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
  });
}

function getRoute({ catalog }: BackupRouteParts): Route {
  return route({
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
  });
}

function createRoute({ backups }: BackupRouteParts): Route {
  return route({
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
  });
}

function validateRoute({ backups }: BackupRouteParts): Route {
  return route({
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
    handle: async ({ body: { backupId, decryptionKey }, request, viewer: { subject }, signal }) => {
      request.scope.target = { backupId };
      return { status: 200, body: validationOf(await backups.validate(backupId, decryptionKey, { subject, signal })) };
    },
  });
}

function deleteRoute({ backups }: BackupRouteParts): Route {
  return route({
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
  });
}
