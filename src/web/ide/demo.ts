/** The IDE of `npm run demo`: tabs with the steps of its story. */
import backUp from '../../../schema/tabs/demo-1-back-up.graphql?raw';
import watch from '../../../schema/tabs/demo-2-watch.graphql?raw';
import restore from '../../../schema/tabs/demo-3-restore.graphql?raw';
import { BACKUP_VARIABLES, showIde } from './ide.js';

showIde('demo', [{ query: backUp }, { query: watch }, { query: restore, variables: BACKUP_VARIABLES }]);
