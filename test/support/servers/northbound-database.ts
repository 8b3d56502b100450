import type { DatabaseAbout } from '../../../src/service/database/database.js';

/** What a server that is configured with the environment alone says of its database. */
export const NORTHBOUND_DATABASE: DatabaseAbout = {
  id: 'northbound',
  label: 'northbound',
  isDefault: true,
  runtimeKeys: [],
  settings: { remotes: 'OVN_NB_DB' },
};
