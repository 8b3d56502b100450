/** Comparing configurations in REST. */
import { z } from 'zod';
import { changePageInput } from '../../../service/change/change-input.js';
import { diff } from '../../../service/compare/compare-command.js';
import type { CompareService } from '../../../service/compare/compare-service.js';
import { count } from '../common/answer-shape.js';
import { changeShape, changesOf } from '../common/change-answer.js';
import { pageInfoOf, pageInfoShape } from '../common/page-shape.js';
import { noQuery } from '../common/request-shape.js';
import { restForm } from '../common/rest-form.js';
import { type Route, route } from '../common/route.js';

/** What is compared, and which page of the changes is wanted. */
const diffForm = restForm(
  diff.input
    .extend(changePageInput.shape)
    .meta({ description: 'What to compare, and which page of the changes is wanted' }),
  { id: 'Diff' },
);

const diffShape = z
  .object({
    identical: z
      .boolean()
      .describe('True if nothing differs. Runtime state, which is written all the time, is not compared'),
    inserted: count.describe('Rows that are only in `to`'),
    updated: count.describe('Rows that are in both, and differ'),
    deleted: count.describe('Rows that are only in `from`'),
    changes: z.array(changeShape).describe('The changes of the page'),
    changes_total: count.describe('How many changes of this kind and table there are'),
    page_info: pageInfoShape,
  })
  .meta({ id: 'DiffResult', description: 'What would make one configuration equal to the other' });

export function diffRoute(compare: CompareService): Route {
  return route({
    name: 'diff',
    asks: diff,
    method: 'POST',
    path: '/api/v1/diff',
    tag: 'Backups',
    query: noQuery,
    body: diffForm,
    bodyKind: 'JSON',
    bodyExample: '{"from": {"backup_id": "BACKUP_ID"}, "to": {"database": "northbound"}}',
    keyGoes: 'there may be two passphrases. Give each as decryption_key beside its backup_id',
    summary: 'Compare two backups, or a backup and the live database',
    description: 'The answer says what would make `from` equal to `to`. Each page compares again.',
    answers: { 200: { description: 'What differs, and a page of the changes', shape: diffShape } },
    errors: ['NOT_FOUND', 'DECRYPTION_FAILED', 'INTEGRITY_FAILED', 'DATABASE_UNAVAILABLE', 'STORE_UNAVAILABLE'],
    handle: async ({ ask, body }) => {
      const comparison = await ask(diff, compare, body);
      const page = await comparison.changes(changePageInput.parse(body));
      const { identical, inserted, updated, deleted } = comparison;
      return {
        status: 200,
        body: { identical, inserted, updated, deleted, ...changesOf(page), page_info: pageInfoOf(page) },
      };
    },
  });
}
