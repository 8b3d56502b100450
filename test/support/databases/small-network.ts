/**
 * Small random networks of the same rows, of which some are there and some are not: switches with ports, ACLs and load
 * balancers, and port groups. Sometimes a switch is there under another UUID, so that it is found by its name.
 */
import type { Row } from '../../../src/model/row/row.js';
import { Rng } from '../northbound/lib/rng.mjs';
import type { Tables } from './every-kind.js';

const uuid = (kind: string, number: number): string =>
  `${kind.repeat(8)}-0000-4000-8000-${String(number).padStart(12, '0')}`;
const many = (kind: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, number) => uuid(kind, number));

const SWITCHES = many('a', 4);
/** The same switches as somebody else made them: of the same names. */
const TWINS = many('b', 4);
const PORTS = many('c', 8);
const ACLS = many('d', 6);
const BALANCERS = many('e', 3);
const GROUPS = many('f', 2);

export const SWITCH_NAMES: readonly string[] = SWITCHES.map((_, i) => `switch-${String(i)}`);

export function aclRow(number: number): Row {
  return { action: 'drop', direction: 'to-lport', match: `ip4.dst == 10.0.0.${String(number)}`, priority: 1_000 };
}

export const ACL_COUNT = ACLS.length;

export function smallNetwork(seed: number): Tables {
  const random = new Rng(seed);
  const some = (uuids: readonly string[]): readonly string[] => uuids.filter(() => random.chance(0.6));
  const keys = (): Row => (random.chance(0.5) ? { external_ids: { kept: String(random.int(3)) } } : {});
  const set = (column: string, uuids: readonly string[]): Row => (uuids.length === 0 ? {} : { [column]: uuids });
  const present = SWITCHES.flatMap((own, i) =>
    random.chance(0.75) ? [random.chance(0.8) ? own : (TWINS[i] as string)] : [],
  );
  const inSwitch = (uuids: readonly string[]): ReadonlyMap<string, string> =>
    new Map(present.length === 0 ? [] : some(uuids).map((child) => [child, random.pick(present) as string]));
  const [ports, acls] = [inSwitch(PORTS), inSwitch(ACLS)];
  const [balancers, groups] = [some(BALANCERS), some(GROUPS)];
  const within = (children: ReadonlyMap<string, string>, holder: string): readonly string[] =>
    [...children].flatMap(([child, other]) => (other === holder ? [child] : []));
  const rows = (uuids: Iterable<string>, row: (uuid: string) => Row): Record<string, Row> =>
    Object.fromEntries([...uuids].map((one) => [one, row(one)]));
  const numberOf = (one: string): number => Number(one.slice(-12));
  return {
    Logical_Switch: rows(present, (one) => ({
      name: SWITCH_NAMES[numberOf(one)] as string,
      ...set('ports', within(ports, one)),
      ...set('acls', within(acls, one)),
      ...set('load_balancer', some(balancers)),
      ...keys(),
    })),
    Logical_Switch_Port: rows(ports.keys(), (one) => ({ name: `port-${String(numberOf(one))}`, ...keys() })),
    ACL: rows(acls.keys(), (one) => ({ ...aclRow(numberOf(one)), ...keys() })),
    Load_Balancer: rows(balancers, (one) => ({ name: `lb-${String(numberOf(one))}`, ...keys() })),
    Port_Group: rows(groups, (one) => ({
      name: `group_${String(numberOf(one))}`,
      ...set('ports', some([...ports.keys()])),
      ...keys(),
    })),
  };
}
