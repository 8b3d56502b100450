/**
 * Names that OVN makes of other rows' names.
 */

/** What northd and ovn-controller put before a router port's name to call its place on a gateway chassis. */
export const CHASSIS_REDIRECT = 'cr-';

/** Suffixes of the address sets that northd makes of a port group. */
export const IMPLICIT_SETS = ['_ip4', '_ip6'] as const;

/** Tables of which a name can be taken for one that OVN makes of another row's name. */
export const LIKE_MADE_NAMES: readonly string[] = ['Address_Set', 'Logical_Switch_Port', 'Logical_Router_Port'];

/** Whether this name can: "web_ip4" is made of port group "web", "cr-gw" of router port "gw". */
export function isLikeMadeName(table: string, name: string): boolean {
  return table === 'Address_Set'
    ? IMPLICIT_SETS.some((suffix) => name.endsWith(suffix))
    : name.startsWith(CHASSIS_REDIRECT);
}
