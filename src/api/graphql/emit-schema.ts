/** Writes schema/schema.graphql from the resolvers: `npm run schema`. */
import { writeFileSync } from 'node:fs';
import { schemaText } from './schema.js';

writeFileSync(new URL('../../../schema/schema.graphql', import.meta.url), schemaText());
