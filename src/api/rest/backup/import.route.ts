/** Imports in REST: a file in any of the forms that import-body.ts tells apart. */
import { AppError } from '../../../lib/error.js';
import type { Catalog } from '../../../service/backup/catalog/catalog.js';
import { checked } from '../../../service/command/input-check.js';
import type { DrillService } from '../../../service/drill/drill-service.js';
import { importBackup } from '../../../service/transfer/import-command.js';
import type { ImportService } from '../../../service/transfer/import-service.js';
import { headerKey, withOneKey } from '../common/header-key.js';
import { type Route, route } from '../common/route.js';
import { backupCreatedShape, backupOf } from './backup-answer.js';
import { importDetails, importForm, importQuery } from './backup-request.js';
import { openImportBody } from './import-body.js';

export interface ImportRouteParts {
  readonly catalog: Catalog;
  readonly drills: DrillService;
  readonly imports: ImportService;
}

export function importRoute({ catalog, drills, imports }: ImportRouteParts): Route {
  return route({
    name: 'importBackup',
    method: 'POST',
    path: '/api/v1/backups/import',
    tag: 'Backups',
    asks: importBackup,
    query: importQuery,
    body: importForm,
    bodyKind: 'UPLOAD',
    bodyExample: '{"name": "imported", "data": "The text of a backup file"}',
    headers: {
      'X-Decryption-Key': 'The passphrase of an encrypted file. Without it the file is stored as it is: see sealed',
    },
    summary: 'Import a backup file',
    description:
      'Takes a form with the field `file`, JSON with the document in `data`, or the file itself as body. The file ' +
      'may be a document of this server (JSON, YAML), what `ovsdb-client backup` writes, or a database file of ' +
      'ovsdb-server, standalone or of a member of a cluster. Each may be compressed with gzip, or encrypted by this ' +
      'server. The type is detected from the content.',
    answers: {
      200: {
        description: 'Of a chain file of which every backup is here already: the last one',
        shape: backupCreatedShape,
      },
      201: { description: 'The backup, with a new id; of a chain file the last one', shape: backupCreatedShape },
    },
    errors: ['TOO_LARGE', 'INTEGRITY_FAILED', 'DECRYPTION_FAILED', 'STORE_FULL', 'STORE_UNAVAILABLE'],
    handle: async ({ query, ask, reach, request }) => {
      const { source, members, fileName, lacksLineBreaks } = await openImportBody(request.raw);
      const late = (): object =>
        checked(importDetails, {
          name: query.name,
          description: query.description,
          format: query.format,
          tags: query.tag,
          ...withOneKey(members(), headerKey(request.headers)),
        });
      const asked = ask(importBackup, imports, { file: source, fileName: () => fileName, late });
      const { nothingNew, ...record } = await asked.catch((error: unknown) => {
        throw lacksLineBreaks?.() === true ? withAdvice(error) : error;
      });
      const backup = backupOf(record, { catalog, drills }, reach);
      return nothingNew === undefined
        ? { status: 201, body: { backup, message: 'Backup imported successfully' } }
        : { status: 200, body: { backup, message: nothingNew } };
    },
  });
}

const UNREADABLE: ReadonlySet<string> = new Set(['BAD_USER_INPUT', 'INTEGRITY_FAILED', 'DECRYPTION_FAILED']);

/** Nothing else in the file tells that curl has damaged it. */
function withAdvice(error: unknown): unknown {
  if (!(error instanceof AppError) || !UNREADABLE.has(error.code)) return error;
  const { code, message, place, problems } = error;
  const advice =
    "The file has no line break: curl -d @FILE takes them out (and sends a form's Content-Type). With curl, send it " +
    'with --data-binary @FILE, or as a form with -F file=@FILE';
  return new AppError(code, `${message.replace(/\.$/, '')}. ${advice}`, { cause: error, place, problems });
}
