/** Mistakes of who calls GraphQL: values of another kind, and what is asked for and cannot be there. */
import { ask, http, PLACE, restore } from './graphql.js';
import type { Made } from './mistake.js';

const OF_VALUES: readonly Made[] = [
  http(
    'a number in quotes in the text',
    ({ backupId }) =>
      ask(`mutation { restoreBackup(input: {backupId: "${backupId}", confirmWithinSeconds: "300"}) { id } }`),
    { what: 'confirmWithinSeconds: ', where: PLACE, todo: 'takes a whole number, without quotes' },
  ),
  http('a word for yes in quotes', restore({ dryRun: 'true' }), {
    what: '$input.dryRun',
    where: '$input.dryRun',
    todo: 'takes true or false, without quotes',
  }),
];

const OF_FILTERS: readonly Made[] = [
  http(
    'backups of a database that there is not',
    () => ask('{ backups(filter: {database: "north"}) { totalCount } }'),
    {
      what: '"north"',
      where: 'Database not found',
      todo: 'Configured here: northbound',
    },
  ),
  http('jobs of a database that there is not', () => ask('{ jobs(database: "north") { totalCount } }'), {
    what: '"north"',
    where: 'Database not found',
    todo: 'Configured here: northbound',
  }),
];

const OF_SEVERAL: readonly Made[] = [
  http('three mistakes in the variables at once', restore({ dryRun: 'true', force: 1, exact: 'no' }), {
    what: '$input.force',
    where: '$input.exact',
    todo: 'takes true or false, without quotes',
  }),
  http(
    'two mistakes that only the server can see',
    () => ask('mutation { createBackup(input: {name: "", tags: [""]}) { id } }'),
    { what: 'name: may not be empty', where: 'tags.0: ', todo: 'a tag may not be empty' },
  ),
  http('a filter with two names that are nowhere', restore({ restoreFilter: { switches: ['wbe', 'nowhere'] } }), {
    what: 'no switch "nowhere"',
    where: 'no switch "wbe"',
    todo: 'there is "web"',
  }),
];

export const GRAPHQL_PLACE_MISTAKES: readonly Made[] = [...OF_VALUES, ...OF_FILTERS, ...OF_SEVERAL];
