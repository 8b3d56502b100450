/** Drills in REST. A client that goes away does not end one. */
import { z } from 'zod';
import { sliceOf } from '../../../lib/page.js';
import { text } from '../../../service/command/input-field.js';
import { drillBackup, getDrill, listDrills } from '../../../service/drill/drill-command.js';
import type { DrillService } from '../../../service/drill/drill-service.js';
import { KEY_IN_HEADER } from '../common/header-key.js';
import { limit, noQuery, nothing, offset, waitQuery } from '../common/request-shape.js';
import { restForm } from '../common/rest-form.js';
import { type Route, route } from '../common/route.js';
import { drillListShape, drillOf, drillShape } from './drill-answer.js';

const tag = 'Drills';
const DRILLS = '/api/v1/drills';
const answered = { description: 'The drill', shape: drillShape };

/** POST /api/v1/backups/:id/drill. */
const drillForm = restForm(drillBackup.input, { without: ['backupId', 'wait'] });

/** GET /api/v1/drills. */
const listQuery = z
  .strictObject({ backup_id: text(200).optional().describe('Only drills of this backup'), limit, offset })
  .transform((given) => ({ backupId: given.backup_id, limit: given.limit, offset: given.offset ?? 0 }));

export function drillRoutes(drills: DrillService): readonly Route[] {
  return [drillRoute(drills), listRoute(drills), getRoute(drills)];
}

function drillRoute(drills: DrillService): Route {
  return route({
    name: 'drillBackup',
    asks: drillBackup,
    idIs: 'backupId',
    method: 'POST',
    path: '/api/v1/backups/:id/drill',
    tag,
    query: waitQuery,
    body: drillForm,
    bodyKind: 'JSON',
    bodyExample: '{"northd": false}',
    headers: KEY_IN_HEADER,
    summary: 'Prove that a backup can be restored',
    description:
      'Restores it into a scratch database of this machine, compares every row, and lets ovn-northd work on it. No ' +
      'configured database is touched. A backup that cannot be restored is answered with 200: `success` is false, ' +
      'and `error` says why. With `wait=false` the answer comes at once: get the drill again and again until it has ' +
      'ended.',
    answers: { 200: answered, 202: { description: 'With `wait=false`: the drill, just begun', shape: drillShape } },
    errors: ['NOT_FOUND', 'CANCELLED', 'DECRYPTION_FAILED', 'DATABASE_UNAVAILABLE', 'STORE_FULL', 'STORE_UNAVAILABLE'],
    handle: async ({ id, body, query: { wait }, ask }) => {
      const drill = await ask(drillBackup, drills, { ...body, backupId: id, wait });
      return { status: wait ? 200 : 202, body: drillOf(drill) };
    },
  });
}

function listRoute(drills: DrillService): Route {
  return route({
    name: 'listDrills',
    asks: listDrills,
    method: 'GET',
    path: DRILLS,
    tag,
    query: listQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'List drills, newest first, running ones too',
    answers: { 200: { description: 'The drills', shape: drillListShape } },
    errors: [],
    handle: async ({ ask, query: { backupId, limit: most, offset: skipped } }) => {
      const found = await ask(listDrills, drills, { backupId });
      return { status: 200, body: { drills: sliceOf(found, skipped, most).map(drillOf), total: found.length } };
    },
  });
}

function getRoute(drills: DrillService): Route {
  return route({
    name: 'getDrill',
    asks: getDrill,
    idIs: 'drillId',
    method: 'GET',
    path: `${DRILLS}/:id`,
    tag,
    query: noQuery,
    body: nothing,
    bodyKind: 'NONE',
    summary: 'Get one drill, running or ended',
    answers: { 200: answered },
    errors: ['NOT_FOUND'],
    handle: async ({ id, ask }) => ({ status: 200, body: drillOf(await ask(getDrill, drills, { drillId: id })) }),
  });
}
