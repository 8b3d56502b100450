/** What is of which database, for tokens that are limited to some: part of the composition root. */
import type { Catalog } from './service/backup/catalog/catalog.js';
import { descendantsOf } from './service/backup/catalog/chain.js';
import type { KnownIds } from './service/command/known-ids.js';
import type { Whereabouts } from './service/command/reach.js';
import type { Databases } from './service/database/database.js';

export interface WhereaboutsParts {
  readonly databases: Databases;
  readonly catalog: Catalog;
  readonly ids: KnownIds;
}

export function whereabouts({ databases, catalog, ids }: WhereaboutsParts): Whereabouts {
  return {
    defaultDatabase: () => databases.get().id,
    databasesOf: (kind, id) => {
      if (kind !== 'dependents') return ids.databasesOf(kind, id);
      const record = catalog.find(id);
      return record && [...new Set(descendantsOf(record, catalog).map(({ database }) => database))];
    },
  };
}
