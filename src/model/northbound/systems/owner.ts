/**
 * Owners: the systems that write networks into the database, told by the marks that they leave on their rows. It is
 * looked for in a row's canonical text: of 100,000 rows nobody makes values for that.
 */

/** In the order in which a row that has the marks of several is theirs. */
export const OWNERS = ['Neutron', 'ovn-kubernetes', 'kube-ovn', 'ovn-ic'] as const;
export type Owner = (typeof OWNERS)[number];

/**
 * A key of a map, with its value: no text inside a value can look like it, for its quotes have backslashes. Neutron has
 * rows without such a key, which its names tell: of DNS, of a group of gateways, and the port group that drops.
 */
const NEUTRON = String.raw`neutron:[^"]*":"|(?:ls_)?name":"neutron(?:-[\da-f]{8}-[\da-f]{4}-[^"]*|_pg_drop)"`;
const KUBERNETES = String.raw`k8s\.ovn\.org/[^"]*":"`;
const KUBE_OVN = 'vendor":"kube-ovn"';
const OVN_IC = '(?:ic-[^"]*|interconn-tr)":"';
const MARK = new RegExp(`[{,]"(?:(${NEUTRON})|(${KUBERNETES})|(${KUBE_OVN})|(${OVN_IC}))`, 'g');

/** Whose row it is; undefined of one without a mark. @param text canonical text */
export function ownerOf(text: string): Owner | undefined {
  let first: number | undefined;
  for (const match of text.matchAll(MARK)) {
    const number = match.slice(1).findIndex((group) => group !== undefined);
    if (number === 0) return OWNERS[0];
    first = Math.min(first ?? number, number);
  }
  return first === undefined ? undefined : OWNERS[first];
}
