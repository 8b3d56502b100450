/** Asking what differs. */
import { z } from 'zod';
import { filterInput } from '../backup/filter-input.js';
import { command } from '../command/command.js';
import { optional } from '../command/input-field.js';
import {
  CONFIGURATION_ABOUT,
  configurationInput,
  configurationRules,
  ofConfiguration,
} from '../configuration/configuration-input.js';
import type { CompareService, Comparison } from './compare-service.js';

const compareInput = z.object({
  from: configurationInput.meta({ description: `What to start from. ${CONFIGURATION_ABOUT}` }),
  to: configurationInput.meta({ description: `What to compare it with. ${CONFIGURATION_ABOUT}` }),
  filter: optional(filterInput).meta({ description: 'Compare only this part' }),
});

/** The changes that lead from one configuration to the other. */
export const diff = command({
  name: 'diff',
  needs: ['backups:read'],
  touches: ({ from, to }) => [...ofConfiguration(from), ...ofConfiguration(to)],
  input: compareInput,
  rules: [...configurationRules('from'), ...configurationRules('to')],
  audit: { asked: {}, reading: 'ROWS', isNeverHeldUp: true },
  run: (compare: CompareService, asked, { caller: { subject }, signal }): Promise<Comparison> =>
    compare.compare({ ...asked, subject, signal }),
});
