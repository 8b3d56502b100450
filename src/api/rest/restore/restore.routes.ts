/** Restores in REST. A client that goes away does not stop one: it ends whole, and can be looked up. */
import type { z } from 'zod';
import type { Viewer } from '../../../auth/permission.js';
import { defined } from '../../../lib/defined.js';
import { AppError, type ErrorDetails, type Problem } from '../../../lib/error.js';
import { sliceOf } from '../../../lib/page.js';
import type { Command } from '../../../service/command/command.js';
import { conflictsRefused } from '../../../service/restore/conflicts-refused.js';
import { progressNow } from '../../../service/restore/record/restore-progress.js';
import type { RestoreRecord } from '../../../service/restore/record/restore-record.js';
import type { Restore as ServiceRestore } from '../../../service/restore/record/restore-registry.js';
import {
  cancelRestore,
  confirmRestore,
  getRestore,
  listRestores,
  restoreBackup,
  restoreChanges,
  undoRestore,
  VALUES_NEED,
} from '../../../service/restore/restore-command.js';
import type { RestoreService } from '../../../service/restore/restore-service.js';
import { emptyResult } from '../../../service/restore/run/restore-result.js';
import { changesOf, withoutValues } from '../common/change-answer.js';
import { KEY_IN_HEADER } from '../common/header-key.js';
import { pageInfoOf } from '../common/page-shape.js';
import { withoutPulledIn } from '../common/pulled-in.js';
import { noQuery, nothing } from '../common/request-shape.js';
import { REST_SPELLING } from '../common/rest-form.js';
import { type Answer, type Call, type Route, route } from '../common/route.js';
import { isDebugged, PhaseTimes } from './debug-answer.js';
import { restoreChangesShape, restoreListShape, restoreOf, restoreShape } from './restore-answer.js';
import { changesQuery, listRestoresQuery, restoreForm, restoreQuery, undoForm } from './restore-request.js';

const tag = 'Restores';
const RESTORES = '/api/v1/restores';
const RESTORE = `${RESTORES}/:id`;
const result = { description: 'The restore', shape: restoreShape };
const FAILURES = [
  'CONFLICT',
  'SCHEMA_MISMATCH',
  'PLAN_STALE',
  'DATABASE_REFUSED',
  'CANCELLED',
  'DECRYPTION_FAILED',
  'INTEGRITY_FAILED',
  'DATABASE_UNAVAILABLE',
  'STORE_FULL',
  'STORE_UNAVAILABLE',
] as const;

export function restoreRoutes(restores: RestoreService): readonly Route[] {
  return [
    restoreRoute(restores),
    listRoute(restores),
    getRoute(restores),
    changesRoute(restores),
    confirmRoute(restores),
    cancelRoute(restores),
    undoRoute(restores),
  ];
}

function restoreRoute(restores: RestoreService): Route {
  return route({
    name: 'restoreBackup',
    asks: restoreBackup,
    idIs: 'backupId',
    method: 'POST',
    path: '/api/v1/backups/:id/restore',
    tag,
    query: restoreQuery,
    body: restoreForm,
    bodyKind: 'JSON',
    bodyExample: '{"dry_run": true}',
    headers: {
      ...KEY_IN_HEADER,
      'X-Debug': 'true: the answer has the phases with their times, and the changes. The log has them too',
    },
    summary: 'Restore a backup, or a part of it',
    description:
      'Without a body, all options have their defaults. A restore that fails changes nothing. It answers with the ' +
      'status of its error, and has its counts in `result`. A dry run that could be planned answers 200; if the plan ' +
      'cannot be applied, `success` is false and `errors` says why. With a wrong key, a wrong filter or an unknown ' +
      'backup there is no plan: it answers with that error. With `wait=false` the answer comes at once: get the ' +
      'restore again and again until it has ended.',
    answers: { 200: result, 202: { description: 'With `wait=false`: the restore, just begun', shape: restoreShape } },
    errors: ['NOT_FOUND', ...FAILURES],
    handle: async (call) => {
      const { id: backupId, body, query, ask } = call;
      const { wait, changes } = query;
      const { decryptionKey } = body;
      if (wait)
        return ended(call, restores, { command: restoreBackup, input: { ...body, backupId }, decryptionKey, changes });
      return { status: 202, body: answerOf(await ask(restoreBackup, restores, { ...body, backupId, wait })) };
    },
  });
}

function listRoute(restores: RestoreService): Route {
  return route({
    name: 'listRestores',
    asks: listRestores,
    method: 'GET',
    path: RESTORES,
    tag,
    query: listRestoresQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'List restores, newest first, running ones too',
    answers: { 200: { description: 'The restores', shape: restoreListShape } },
    errors: [],
    handle: async ({ ask, query: { offset, limit, ...filter } }) => {
      const all = await ask(listRestores, restores, filter);
      return {
        status: 200,
        body: {
          restores: (await restores.read(sliceOf(all, offset, limit))).map((one) => withoutPulledIn(answerOf(one))),
          total: all.length,
        },
      };
    },
  });
}

function getRoute(restores: RestoreService): Route {
  return route({
    name: 'getRestore',
    asks: getRestore,
    idIs: 'restoreId',
    method: 'GET',
    path: RESTORE,
    tag,
    query: noQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'Get one restore, running or ended',
    answers: { 200: result },
    errors: ['NOT_FOUND'],
    handle: async ({ id, ask }) => ({
      status: 200,
      body: answerOf(await ask(getRestore, restores, { restoreId: id })),
    }),
  });
}

function changesRoute(restores: RestoreService): Route {
  return route({
    name: 'restoreChanges',
    asks: restoreChanges,
    idIs: 'restoreId',
    method: 'GET',
    path: `${RESTORE}/changes`,
    tag,
    query: changesQuery,
    body: nothing,
    bodyKind: 'NONE',
    headers: { 'X-Decryption-Key': 'The passphrase, if the backup is encrypted: the list of changes is too' },
    summary: 'List what a restore changed, or a dry run would change, row by row',
    description:
      'In the order of tables. Values of columns need `backups:restore`; without it there are only the names ' +
      'of columns.',
    answers: { 200: { description: 'A page of the changes', shape: restoreChangesShape } },
    errors: ['NOT_FOUND', 'DECRYPTION_FAILED', 'INTEGRITY_FAILED', 'STORE_UNAVAILABLE'],
    handle: async ({ id, ask, query: { limit, kind: kinds, ...query }, request }) => {
      const key = request.headers['x-decryption-key'];
      const decryptionKey = typeof key === 'string' ? key : undefined;
      const asked = { ...query, kinds, restoreId: id, first: limit, decryptionKey };
      const { page, areValuesHidden } = await ask(restoreChanges, restores, asked);
      const { changes, changes_total: total } = changesOf(areValuesHidden ? withoutValues(page) : page);
      return { status: 200, body: { changes, total, page_info: pageInfoOf(page), values_hidden: areValuesHidden } };
    },
  });
}

function confirmRoute(restores: RestoreService): Route {
  return route({
    name: 'confirmRestore',
    asks: confirmRestore,
    idIs: 'restoreId',
    method: 'POST',
    path: `${RESTORE}/confirm`,
    tag,
    query: noQuery,
    body: nothing,
    bodyKind: 'JSON',
    summary: 'Confirm a restore, so that it is not undone',
    answers: { 200: result },
    errors: ['NOT_FOUND', 'CONFLICT'],
    handle: async ({ id, ask }) => ({
      status: 200,
      body: answerOf(await ask(confirmRestore, restores, { restoreId: id })),
    }),
  });
}

function cancelRoute(restores: RestoreService): Route {
  return route({
    name: 'cancelRestore',
    asks: cancelRestore,
    idIs: 'restoreId',
    method: 'POST',
    path: `${RESTORE}/cancel`,
    tag,
    query: noQuery,
    body: nothing,
    bodyKind: 'JSON',
    summary: 'Cancel a restore, before its phase applying begins',
    answers: { 200: result },
    errors: ['NOT_FOUND', 'CONFLICT'],
    handle: async ({ id, ask }) => ({
      status: 200,
      body: answerOf(await ask(cancelRestore, restores, { restoreId: id })),
    }),
  });
}

function undoRoute(restores: RestoreService): Route {
  return route({
    name: 'undoRestore',
    asks: undoRestore,
    idIs: 'restoreId',
    method: 'POST',
    path: `${RESTORE}/undo`,
    tag,
    query: restoreQuery,
    body: undoForm,
    bodyKind: 'JSON',
    bodyExample: '{"dry_run": true}',
    headers: { 'X-Debug': 'As for a restore' },
    summary: 'Undo a restore: put back what it changed',
    description:
      'Refused if others have changed the same rows since, unless `force` is true; the error names the rows. An undo ' +
      'is a restore of its own, and the answer is that one. With `wait=false` it comes at once.',
    answers: { 200: result, 202: { description: 'With `wait=false`: the undo, just begun', shape: restoreShape } },
    errors: ['NOT_FOUND', ...FAILURES],
    handle: async (call) => {
      const { ask, body, id: restoreId, query } = call;
      const { changes, wait } = query;
      if (wait) return ended(call, restores, { command: undoRestore, input: { ...body, restoreId }, changes });
      return { status: 202, body: answerOf(await ask(undoRestore, restores, { ...body, restoreId, wait })) };
    },
  });
}

interface Asked<Shape extends z.ZodObject> {
  readonly command: Command<RestoreService, Shape, ServiceRestore>;
  readonly input: z.input<Shape>;
  /** Of the backup: what is sealed with it is shown in the answer. */
  readonly decryptionKey?: string | null | undefined;
  /** Whether the answer is to say what it changes. */
  readonly changes: boolean;
}

const CHANGES_LISTED_MAX = 1_000;

/** Waits for the end. @throws AppError of a restore that was to change something and failed, its result beside it */
async function ended<Shape extends z.ZodObject>(
  { ask, log, viewer, request: { scope, headers } }: Call<unknown, unknown>,
  restores: RestoreService,
  { command, input, decryptionKey, changes: areWanted }: Asked<Shape>,
): Promise<Answer> {
  let begun: ServiceRestore | undefined;
  let times: PhaseTimes | undefined;
  let restore: ServiceRestore;
  try {
    restore = await ask(command, restores, input, (begins) => {
      begun = begins;
      if (isDebugged(headers)) times = new PhaseTimes(begins.feed);
    });
  } catch (error) {
    await times?.end();
    if (begun !== undefined) scope.beside = { result: answerOf(begun) };
    throw error;
  }
  const { record } = restore;
  const changes =
    areWanted || times !== undefined
      ? await firstChanges(restores, record, { viewer, decryptionKey: decryptionKey ?? undefined })
      : undefined;
  const debug = changes && (await times?.debug(record, changes, log));
  const answer = { ...answerOf(restore), ...(areWanted ? changes : {}), ...defined({ debug }) };
  const [first, ...more] = record.result?.errors ?? [];
  if (answer.success || answer.dry_run || first === undefined) return { status: 200, body: answer };
  scope.beside = { result: answer };
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
  throw new AppError(
    first.code,
    first.code === 'CONFLICT' ? conflictsRefused(record, [first, ...more], REST_SPELLING) : `${first.message}${others}`,
    { problems: [first, ...more], details: detailsOf(record, first) },
  );
}

/** Of a conflict about rows, and not about something else that the database has. */
function detailsOf({ source }: RestoreRecord, { code, table }: Problem): ErrorDetails | undefined {
  if (code !== 'CONFLICT' || table === undefined) return undefined;
  return { reason: source.kind === 'UNDO' ? 'ROWS_CHANGED' : 'ROWS_DIFFER' };
}

/** The first of them; what is in the rows only for those who may see it. */
async function firstChanges(
  restores: RestoreService,
  record: RestoreRecord,
  { viewer, decryptionKey }: { readonly viewer: Viewer; readonly decryptionKey: string | undefined },
): Promise<ReturnType<typeof changesOf>> {
  const page = await restores.changes(record, { first: CHANGES_LISTED_MAX }, decryptionKey);
  return changesOf(viewer.permissions.has(VALUES_NEED) ? page : withoutValues(page));
}

function answerOf(restore: ServiceRestore): ReturnType<typeof restoreOf> {
  const { record } = restore;
  return restoreOf(record, record.result ?? emptyResult(record.dryRun, 0), progressNow(restore));
}
