/** A resource filter as it is asked for. */
import { z } from 'zod';
import { recordOf } from '../../lib/record-of.js';
import { optional, orElse, text } from '../command/input-field.js';
import {
  FILTER_FLAGS,
  FILTER_LISTS,
  INCLUDE_FLAGS,
  PICKED_NAME_CHARACTERS_MAX,
  PICKED_NAMES_MAX,
} from './recorded-filter.js';

/** What a filter is, as both faces tell it. */
export const FILTER_ABOUT =
  'Which part of the network. A name or a UUID picks a resource. It comes with its children, unless an include flag ' +
  'is false, and with everything these refer to. Without any list, everything is picked';
const PICKED_ABOUT = 'Names or UUIDs';

const picked = z
  .array(text(PICKED_NAME_CHARACTERS_MAX).refine((value) => value !== '', 'a name or a UUID may not be empty'))
  .max(PICKED_NAMES_MAX, 'takes at most 10,000 names');

export const filterInput = z
  .object({
    ...recordOf(FILTER_LISTS, () => optional(picked).meta({ description: PICKED_ABOUT })),
    ...recordOf(FILTER_FLAGS, (flag) =>
      orElse(z.boolean(), true).meta({ description: `false: leave out ${INCLUDE_FLAGS[flag]}` }),
    ),
  })
  .meta({ id: 'ResourceFilter', description: FILTER_ABOUT });
