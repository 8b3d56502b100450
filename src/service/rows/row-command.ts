/** What can be asked of the rows of a configuration. */
import { z } from 'zod';
import { UUID_CHARACTERS_MIN } from '../../engine/search/wanted.js';
import { command } from '../command/command.js';
import { optional, orElse, text } from '../command/input-field.js';
import {
  CONFIGURATION_ABOUT,
  configurationInput,
  configurationRules,
  ofConfiguration,
} from '../configuration/configuration-input.js';
import { LIVE_SECONDS } from './held-configurations.js';
import type { ConfigurationRow, RowPage } from './looked-into.js';
import type { RowService } from './row-service.js';

const ROWS_DEFAULT = 50;
const HITS_DEFAULT = 20;
const TEXT_CHARACTERS_MAX = 1_000;

const of = configurationInput.meta({
  description:
    `What to look into. ${CONFIGURATION_ABOUT}. A database is read anew when ${LIVE_SECONDS} seconds have passed; ` +
    'until then the pages of a list fit together',
});
const table = z.string().meta({ description: 'Name of the table, such as Logical_Switch' });
const page = (first: number, what: string) => ({
  first: orElse(z.number(), first).meta({ description: `How many ${what} a page has, 1 to 500` }),
  after: optional(z.string()).meta({ description: '`endCursor` of the page before' }),
  /** Rows that are left out first. */
  offset: orElse(z.number(), 0),
});
const typed = text(TEXT_CHARACTERS_MAX);

const READS = {
  needs: ['backups:read'] as const,
  touches: ({ of: source }: { readonly of: z.output<typeof of> }) => ofConfiguration(source),
  rules: configurationRules('of'),
  audit: {
    asked: { backupId: 'of.backupId', database: 'of.database' },
    reading: 'ROWS' as const,
    isNeverHeldUp: true,
  },
};

/** The rows of one table. */
export const rows = command({
  ...READS,
  name: 'rows',
  input: z.object({
    of,
    table,
    search: optional(typed.transform((words) => (words.trim() === '' ? undefined : words))).meta({
      description: 'Only rows that this text finds, as `search` does',
    }),
    ...page(ROWS_DEFAULT, 'rows'),
  }),
  run: (service: RowService, asked, { caller: { subject }, signal }): Promise<RowPage> =>
    service.rows({ ...asked, subject, signal }),
});

/** One row; undefined where it is not there. */
export const row = command({
  ...READS,
  name: 'row',
  input: z.object({ of, table, uuid: z.string().meta({ description: 'UUID of the row' }) }),
  run: (service: RowService, asked, { caller: { subject }, signal }): Promise<ConfigurationRow | undefined> =>
    service.row({ ...asked, subject, signal }),
});

/** Rows of all tables. */
export const search = command({
  ...READS,
  name: 'search',
  input: z.object({
    of,
    text: typed
      .refine((words) => words.trim() !== '', 'is empty; put there what is looked for, such as a name or an address')
      .meta({
        description:
          'Whatever a person types: a name or a part of one; an IPv4 or IPv6 address, which is found in sets, ' +
          `matches, NAT rules and load balancers too; a MAC; a UUID, or its first ${UUID_CHARACTERS_MIN} characters ` +
          'or more. ' +
          'Upper and lower case are the same, and so are all spellings of an IPv6 address. 10.0.0.1 also finds ' +
          '10.0.0.1/24 and 10.0.0.1:80, and not 10.0.0.10',
      }),
    ...page(HITS_DEFAULT, 'rows'),
  }),
  run: (service: RowService, asked, { caller: { subject }, signal }): Promise<RowPage> =>
    service.search({ ...asked, subject, signal }),
});
