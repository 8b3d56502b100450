/** Backups in REST. Each route asks for one command. */
import { sliceOf } from '../../../lib/page.js';
import {
  createBackup,
  deleteBackup,
  getBackup,
  listBackups,
  startBackup,
  validateBackup,
  verifyBackups,
} from '../../../service/backup/backup-command.js';
import type { BackupService } from '../../../service/backup/backup-service.js';
import type { Catalog } from '../../../service/backup/catalog/catalog.js';
import { messageShape } from '../common/answer-shape.js';
import { KEY_IN_HEADER } from '../common/header-key.js';
import { noQuery, nothing, waitQuery } from '../common/request-shape.js';
import { type Route, route } from '../common/route.js';
import { jobOf, jobShape } from '../job/job-answer.js';
import {
  backupCreatedShape,
  backupListShape,
  backupOf,
  backupShape,
  listedBackupOf,
  validationOf,
  validationShape,
  verifyShape,
} from './backup-answer.js';
import { createForm, deleteQuery, listBackupsQuery, validateForm, verifyQuery } from './backup-request.js';
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
    verifyRoute(parts),
    deleteRoute(parts),
  ];
}

function listRoute(parts: BackupRouteParts): Route {
  const { backups } = parts;
  return route({
    name: 'listBackups',
    asks: listBackups,
    method: 'GET',
    path: BACKUPS,
    tag,
    query: listBackupsQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'List backups, newest first',
    answers: { 200: { description: 'The backups', shape: backupListShape } },
    errors: ['NOT_FOUND'],
    handle: async ({ ask, reach, query: { filter, offset, limit } }) => {
      const found = await ask(listBackups, backups, { filter });
      return {
        status: 200,
        body: {
          backups: sliceOf(found, offset, limit).map((record) => listedBackupOf(record, parts, reach)),
          total: found.length,
        },
      };
    },
  });
}

function getRoute(parts: BackupRouteParts): Route {
  const { catalog } = parts;
  return route({
    name: 'getBackup',
    asks: getBackup,
    idIs: 'backupId',
    method: 'GET',
    path: BACKUP,
    tag,
    query: noQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'Get one backup',
    answers: { 200: { description: 'The backup', shape: backupShape } },
    errors: ['NOT_FOUND'],
    handle: async ({ id, ask, reach }) => ({
      status: 200,
      body: backupOf(await ask(getBackup, catalog, { backupId: id }), parts, reach),
    }),
  });
}

function createRoute(parts: BackupRouteParts): Route {
  const { backups } = parts;
  return route({
    name: 'createBackup',
    asks: createBackup,
    method: 'POST',
    path: BACKUPS,
    tag,
    query: waitQuery,
    body: createForm,
    bodyKind: 'JSON',
    bodyExample: '{"name": "nightly"}',
    keyGoes: 'the passphrase of a new backup is encryption_key in the body, beside "encrypt": true',
    summary: 'Back up the database, or a part of it',
    description: 'Answers when the backup is stored. With `wait=false` it answers at once, with the job that makes it.',
    answers: {
      200: {
        description: 'With `only_if_changed`: the backup since which nothing has changed',
        shape: backupCreatedShape,
      },
      201: { description: 'The backup', shape: backupCreatedShape },
      202: { description: 'With `wait=false`: the job', shape: jobShape },
    },
    errors: ['NOT_FOUND', 'DATABASE_UNAVAILABLE', 'STORE_FULL', 'STORE_UNAVAILABLE', 'TOO_LARGE'],
    handle: async ({ body, query: { wait }, ask, reach }) => {
      if (!wait) return { status: 202, body: jobOf(await ask(startBackup, backups, body)) };
      const { unchanged, ...record } = await ask(createBackup, backups, body);
      const backup = backupOf(record, parts, reach);
      return unchanged === undefined
        ? { status: 201, body: { backup, message: 'Backup created successfully' } }
        : { status: 200, body: { backup, message: unchanged } };
    },
  });
}

function validateRoute({ backups }: BackupRouteParts): Route {
  return route({
    name: 'validateBackup',
    asks: validateBackup,
    method: 'POST',
    path: `${BACKUPS}/validate`,
    tag,
    query: noQuery,
    body: validateForm,
    bodyKind: 'JSON',
    bodyExample: '{"backup_id": "BACKUP_ID"}',
    headers: KEY_IN_HEADER,
    summary: 'Read a stored backup and check all of it',
    description: 'Checks the checksum, decryption, format, every row, and the references between rows.',
    answers: { 200: { description: 'What was found', shape: validationShape } },
    errors: ['NOT_FOUND', 'DECRYPTION_FAILED', 'STORE_UNAVAILABLE'],
    handle: async ({ body, ask }) => ({
      status: 200,
      body: validationOf(await ask(validateBackup, backups, body)),
    }),
  });
}

function verifyRoute(parts: BackupRouteParts): Route {
  const { backups } = parts;
  return route({
    name: 'verifyBackups',
    asks: verifyBackups,
    method: 'POST',
    path: `${BACKUPS}/verify`,
    keyGoes: 'of encrypted backups only the bytes are checked. Give it to /api/v1/backups/validate, for each of them',
    tag,
    query: verifyQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'Read stored backups back and check all of each',
    description:
      'One after the other: first those that never were, then those whose turn is longest ago. The query says which; ' +
      'without one, all are checked. Answers when all are checked; a job tells how far it is, and can be cancelled.',
    answers: { 200: { description: 'What was found', shape: verifyShape } },
    errors: ['STORE_UNAVAILABLE'],
    handle: async ({ query: { filter }, ask, reach }) => {
      const { damaged, bytesOnly, ...rest } = await ask(verifyBackups, backups, { filter });
      const listed = damaged.map((record) => listedBackupOf(record, parts, reach));
      return { status: 200, body: { ...rest, damaged: listed, bytes_only: bytesOnly } };
    },
  });
}

function deleteRoute({ backups }: BackupRouteParts): Route {
  return route({
    name: 'deleteBackup',
    asks: deleteBackup,
    idIs: 'backupId',
    method: 'DELETE',
    path: BACKUP,
    tag,
    query: deleteQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'Delete a backup for good',
    answers: { 200: { description: 'The backup was deleted', shape: messageShape } },
    errors: ['NOT_FOUND', 'CONFLICT', 'INTEGRITY_FAILED', 'STORE_FULL', 'STORE_UNAVAILABLE'],
    handle: async ({ id, ask, query: { cascade } }) => {
      await ask(deleteBackup, backups, { backupId: id, cascade });
      return { status: 200, body: { message: 'Backup deleted successfully' } };
    },
  });
}
