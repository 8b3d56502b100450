/** The actions that lines of the audit trail are filtered by, and which of them somebody meant. Pure. */
import { mistakesError } from '../../lib/error.js';
import { nearestNames } from '../../lib/text/nearest.js';

/** Those that have a name of their own. Refused calls may have others: a field, a route. Older trails may too. */
export const ACTIONS = [
  'createBackup',
  'startBackup',
  'importBackup',
  'deleteBackup',
  'validateBackup',
  'verifyBackups',
  'drillBackup',
  'expireBackups',
  'pinBackup',
  'exportBackup',
  'prepareExport',
  'downloadExport',
  'restoreBackup',
  'undoRestore',
  'confirmRestore',
  'cancelRestore',
  'cancelJob',
  'diff',
  'rows',
  'row',
  'search',
  'restoreChanges',
  'serverStarted',
  'serverStopped',
  'firstTokenMade',
  'auditGap',
  'auditBroken',
  'auditRecovered',
  'graphql',
  'connect',
  'many',
] as const;

const SAME_LETTERS: ReadonlySet<string> = new Set(ACTIONS.map((action) => action.toLowerCase()));

/** Whether it is one of those, in any case. */
export function isAction(word: string): boolean {
  return SAME_LETTERS.has(word.toLowerCase());
}

/**
 * Refuses an action that the trail has no line of, where another one is meant.
 * @throws AppError BAD_USER_INPUT
 */
export function refuseAction(word: string): void {
  const near = nearestNames(word.slice(0, 100), ACTIONS);
  if (near.length === 0) return;
  const meant = near.map((action) => `"${action}"`).join(' or ');
  throw mistakesError([`action: the trail has no line of "${word.slice(0, 100)}"; did you mean ${meant}?`]);
}
