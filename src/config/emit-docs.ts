/** Makes the tables of docs/configuration.md: `npm run config-docs`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withTables } from './config-docs.js';

const page = new URL('../../docs/configuration.md', import.meta.url);
writeFileSync(page, withTables(readFileSync(page, 'utf8')));
