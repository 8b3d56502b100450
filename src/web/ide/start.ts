/** The IDE of a server: tabs with operations that change nothing. */
import look from '../../../schema/tabs/start-1-look.graphql?raw';
import compare from '../../../schema/tabs/start-2-compare.graphql?raw';
import dryRun from '../../../schema/tabs/start-3-dry-run.graphql?raw';
import watch from '../../../schema/tabs/start-4-watch.graphql?raw';
import { BACKUP_VARIABLES, showIde } from './ide.js';

showIde('start', [
  { query: look },
  { query: compare, variables: BACKUP_VARIABLES },
  { query: dryRun, variables: BACKUP_VARIABLES },
  { query: watch },
]);
