/** Restores in REST. A client that goes away does not stop one: it ends whole, and can be looked up. */
import { defined } from '../../../lib/defined.js';
import { AppError } from '../../../lib/error.js';
import { sliceOf } from '../../../lib/page.js';
import type { Restore as ServiceRestore } from '../../../service/restore/record/restore-registry.js';
import type { Started } from '../../../service/restore/restore-request.js';
import { emptyResult } from '../../../service/restore/restore-result.js';
import type { RestoreService } from '../../../service/restore/restore-service.js';
import { callerOf } from '../../http/request-context.js';
import { noQuery, nothing } from '../common/request-shape.js';
import { type Answer, type Call, type Route, route } from '../common/route.js';
import { isDebugged, PhaseTimes } from './debug-answer.js';
import { restoreListShape, restoreOf, restoreShape } from './restore-answer.js';
import { listRestores, restoreBackup, undoRestore } from './restore-request.js';

const tag = 'Restores';
const RESTORES = '/api/v1/restores';
const RESTORE = `${RESTORES}/:id`;
const ADMIN = ['backups:restore', 'admin'] as const;
const result = { description: 'The result', shape: restoreShape };
const FAILURES = [
  'CONFLICT',
  'SCHEMA_MISMATCH',
  'PLAN_STALE',
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
    confirmRoute(restores),
    cancelRoute(restores),
    undoRoute(restores),
  ];
}

function restoreRoute(restores: RestoreService): Route {
  return route({
    name: 'restoreBackup',
    method: 'POST',
    path: '/api/v1/backups/:id/restore',
    tag,
    needs: ADMIN,
    audited: true,
    query: noQuery,
    body: restoreBackup,
    bodyKind: 'JSON',
    headers: {
      'X-Debug': 'true: the answer tells the phases with their times, and the changes; the request is logged in detail',
    },
    summary: 'Restore a backup',
    description:
      'Without a body all defaults hold. A restore that fails changes nothing and answers with the status of its ' +
      'error, and with its result in `result`. A dry run answers 200 also where the plan could not be applied: ' +
      '`success` is false then, and `errors` says why.',
    answers: { 200: result },
    errors: ['NOT_FOUND', ...FAILURES],
    handle: async (call) => {
      call.request.scope.target = { backupId: call.id };
      return ended(
        call,
        await restores.start({
          ...call.body,
          backupId: call.id,
          wait: true,
          caller: callerOf(call.request.scope, call.viewer),
        }),
        restores,
      );
    },
  });
}

function listRoute(restores: RestoreService): Route {
  return route({
    name: 'listRestores',
    method: 'GET',
    path: RESTORES,
    tag,
    needs: ['backups:read'],
    query: listRestores,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'List restores, newest first, running ones too',
    answers: { 200: { description: 'The restores, and how many there are in all', shape: restoreListShape } },
    errors: [],
    handle: async ({ query: { backupId, offset, limit } }) => {
      const all = restores.list(backupId);
      return {
        status: 200,
        body: {
          restores: sliceOf(all, offset, limit).map(answerOf),
          total: all.length,
        },
      };
    },
  });
}

function getRoute(restores: RestoreService): Route {
  return route({
    name: 'getRestore',
    method: 'GET',
    path: RESTORE,
    tag,
    needs: ['backups:read'],
    query: noQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'Look up a restore, running or ended',
    answers: { 200: result },
    errors: ['NOT_FOUND'],
    handle: async ({ id }) => ({ status: 200, body: answerOf(restores.get(id)) }),
  });
}

function confirmRoute(restores: RestoreService): Route {
  return route({
    name: 'confirmRestore',
    method: 'POST',
    path: `${RESTORE}/confirm`,
    tag,
    needs: ADMIN,
    audited: true,
    query: noQuery,
    body: nothing,
    bodyKind: 'JSON',
    summary: 'Keep a restore that awaits confirmation',
    answers: { 200: result },
    errors: ['NOT_FOUND', 'CONFLICT'],
    handle: async ({ id, viewer, request }) => {
      request.scope.target = { restoreId: id };
      return { status: 200, body: answerOf(await restores.confirm(id, viewer.subject)) };
    },
  });
}

function cancelRoute(restores: RestoreService): Route {
  return route({
    name: 'cancelRestore',
    method: 'POST',
    path: `${RESTORE}/cancel`,
    tag,
    needs: ADMIN,
    audited: true,
    query: noQuery,
    body: nothing,
    bodyKind: 'JSON',
    summary: 'Cancel a restore that has not begun to apply',
    answers: { 200: result },
    errors: ['NOT_FOUND', 'CONFLICT'],
    handle: async ({ id, request }) => {
      request.scope.target = { restoreId: id };
      return { status: 200, body: answerOf(await restores.cancel(id)) };
    },
  });
}

function undoRoute(restores: RestoreService): Route {
  return route({
    name: 'undoRestore',
    method: 'POST',
    path: `${RESTORE}/undo`,
    tag,
    needs: ADMIN,
    audited: true,
    query: noQuery,
    body: undoRestore,
    bodyKind: 'JSON',
    headers: { 'X-Debug': 'As for a restore' },
    summary: 'Put back what a restore changed',
    description:
      'Refuses, naming the rows, where others have changed them since, unless forced. The answer is that of the ' +
      'restore that puts back.',
    answers: { 200: result },
    errors: ['NOT_FOUND', ...FAILURES],
    handle: async (call) => {
      call.request.scope.target = { restoreId: call.id };
      return ended(
        call,
        await restores.undo(call.id, { ...call.body, caller: callerOf(call.request.scope, call.viewer) }),
        restores,
      );
    },
  });
}

/** Waits for the end. @throws AppError of a restore that was to change something and failed, its result beside it */
async function ended(
  call: Call<unknown, unknown>,
  { restore, done }: Started,
  restores: RestoreService,
): Promise<Answer> {
  const { scope, headers } = call.request;
  scope.target = { ...scope.target, restoreId: restore.record.id };
  const times = isDebugged(headers) ? new PhaseTimes(restore.feed) : undefined;
  try {
    await done;
  } catch (error) {
    await times?.end();
    scope.beside = { result: answerOf(restore) };
    throw error;
  }
  const debug = await times?.debug(restore.record, restores, call.log);
  const answer = { ...answerOf(restore), ...defined({ debug }) };
  const [first, ...more] = restore.record.result?.errors ?? [];
  if (first !== undefined) scope.outcome = first.code;
  if (answer.success || answer.dry_run || first === undefined) return { status: 200, body: answer };
  scope.beside = { result: answer };
  const text = `${first.message}${more.length === 0 ? '' : ` (and ${more.length} more)`}`;
  throw new AppError(
    first.code,
    first.code === 'CONFLICT' && !text.startsWith('Restore conflicts') ? `Restore conflicts: ${text}` : text,
    { problems: [first, ...more] },
  );
}

function answerOf({ record }: ServiceRestore): ReturnType<typeof restoreOf> {
  return restoreOf(record, record.result ?? emptyResult(record.dryRun, 0));
}
