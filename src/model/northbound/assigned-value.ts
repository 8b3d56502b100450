/**
 * Values that northd assigns to ports (ovn-nb(5)): the addresses of a port that asks for dynamic ones, and the tag of a
 * container's port that asks for any. While the port is gone northd may give them to another one. Here is who has what.
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import type { Atom, Row, Value } from '../row/row.js';

export const ASSIGNED_ADDRESSES = 'dynamic_addresses';
export const ASSIGNED_TAG = 'tag';

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

/** MAC and IP addresses in the text of a port, such as "0a:00:00:00:00:01 10.0.0.2 fd00::1", each in one notation. */
export function addressesIn(text: string): readonly string[] {
  const found: string[] = [];
  for (const word of text.toLowerCase().split(/\s+/)) {
    const [address = ''] = word.split('/', 1);
    if (MAC.test(address) || isIPv4(address)) found.push(address);
    else if (isIPv6(address)) found.push(new SocketAddress({ address, family: 'ipv6' }).address);
  }
  return found;
}

/** Addresses that a switch port was given by whoever configured it. */
export function configuredAddresses({ addresses }: Row): readonly string[] {
  return textsOf(addresses).flatMap(addressesIn);
}

/** Addresses that northd has assigned to a switch port. */
export function assignedAddresses(row: Row): readonly string[] {
  return textsOf(row[ASSIGNED_ADDRESSES]).flatMap(addressesIn);
}

/** The router port of which a switch port of type router has the addresses. */
export function routerPortOf({ type, options }: Row): string | undefined {
  if (type !== 'router' || typeof options !== 'object' || Array.isArray(options)) return undefined;
  return (options as Readonly<Record<string, string>>)['router-port'];
}

export function routerPortAddresses({ mac, networks }: Row): readonly string[] {
  return [...textsOf(mac), ...textsOf(networks)].flatMap(addressesIn);
}

/** The port within which a container's port lies: no two of one parent have one tag. */
export function parentOf({ parent_name: parent }: Row): string | undefined {
  return typeof parent === 'string' && parent !== '' ? parent : undefined;
}

/** Whether northd chose the tag. */
export function hasAssignedTag(row: Row): boolean {
  return parentOf(row) !== undefined && row[ASSIGNED_TAG] !== undefined && isZero(row['tag_request']);
}

/** Tags that a port has, or has asked for. */
export function tagsOf(row: Row): readonly string[] {
  return [row[ASSIGNED_TAG], row['tag_request']]
    .filter((tag) => tag !== undefined && !isZero(tag))
    .map((tag) => String(tag as Atom));
}

function isZero(value: Value | undefined): boolean {
  return value === 0 || value === 0n;
}

function textsOf(value: Value | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? (value as readonly Atom[]).map(String) : [];
}
