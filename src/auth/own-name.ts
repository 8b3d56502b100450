/** What the server calls itself, in the audit trail and as the one who started an undo that nobody asked for. */
export const OWN_NAME = 'ovncp';

/** What is wrong with a name by which somebody's lines would look like the server's. */
export const OWN_NAME_FAULT = 'is what the server calls itself in the audit trail: choose another name';

/** Also where it only looks the same in a list. */
export function looksOwn(name: string): boolean {
  return name.trim().toLowerCase() === OWN_NAME;
}
