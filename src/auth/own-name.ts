/** What the server calls itself, in the audit trail and as the one who started an undo that nobody asked for. */
export const OWN_NAME = 'ovncp';
