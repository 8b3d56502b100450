/** A resource filter as it is asked for. */
import { z } from 'zod';
import { recordOf } from '../../lib/record-of.js';
import { withSought } from '../command/input-check.js';
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
  'is false, and with everything these refer to. Without any list, everything is picked. Single ports, ACLs or NAT ' +
  'rules cannot be picked: name the switch or the router that has them';

const OF_A_SWITCH = 'name the switch in `switches`. A dry run shows what comes back with it';
const OF_A_ROUTER = 'name the router in `routers`. A dry run shows what comes back with it';

/** Resources that a filter cannot pick one by one, by the names that results count them under -> what to do instead. */
export const PICKED_WITH_OTHERS: Readonly<Record<string, string>> = {
  ports: `no filter picks single ports: ${OF_A_SWITCH}`,
  routerPorts: `no filter picks single router ports: ${OF_A_ROUTER}`,
  acls: 'no filter picks single ACLs: name what has them in `switches` or `portGroups`',
  nats: `no filter picks single NAT rules: ${OF_A_ROUTER}`,
  dhcpOptions: `no filter picks single DHCP options: ${OF_A_SWITCH}`,
  qosRules: `no filter picks single QoS rules: ${OF_A_SWITCH}`,
};

const PICKED_ABOUT = 'Names or UUIDs';

const picked = z
  .array(text(PICKED_NAME_CHARACTERS_MAX).refine((value) => value !== '', 'a name or a UUID may not be empty'))
  .max(PICKED_NAMES_MAX, 'takes at most 10,000 names');

export const filterInput = withSought(
  z
    .object({
      ...recordOf(FILTER_LISTS, () => optional(picked).meta({ description: PICKED_ABOUT })),
      ...recordOf(FILTER_FLAGS, (flag) =>
        orElse(z.boolean(), true).meta({ description: `false: leave out ${INCLUDE_FLAGS[flag]}` }),
      ),
    })
    .meta({ id: 'ResourceFilter', description: FILTER_ABOUT }),
  PICKED_WITH_OTHERS,
);
