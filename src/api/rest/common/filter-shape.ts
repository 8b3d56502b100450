/** Picking a part of a configuration, as REST takes it and as it tells it. */
import { z } from 'zod';
import type { ResourceFilter } from '../../../service/backup/recorded-filter.js';
import * as field from '../../http/request-field.js';
import { flag, optional } from './request-shape.js';

const picks = optional(field.picked).meta({ description: 'Names or UUIDs' });
const include = (what: string) => flag(true, `False leaves out ${what}`);

export const resourceFilter = z
  .strictObject({
    switches: picks,
    routers: picks,
    port_groups: picks,
    address_sets: picks,
    load_balancers: picks,
    include_ports: include('the ports of switches and routers'),
    include_acls: include('ACLs of switches and of port groups'),
    include_load_balancers: include('load balancers'),
    include_nat: include('NAT rules'),
    include_dhcp_options: include('DHCP options'),
    include_qos: include('QoS rules'),
  })
  .transform(
    (given): ResourceFilter => ({
      switches: given.switches,
      routers: given.routers,
      portGroups: given.port_groups,
      addressSets: given.address_sets,
      loadBalancers: given.load_balancers,
      includePorts: given.include_ports,
      includeAcls: given.include_acls,
      includeLoadBalancers: given.include_load_balancers,
      includeNat: given.include_nat,
      includeDhcpOptions: given.include_dhcp_options,
      includeQos: given.include_qos,
    }),
  )
  .meta({
    id: 'ResourceFilter',
    description:
      'Which part of a configuration. A name or a UUID picks a resource, with what it owns and what that needs in ' +
      'order to stand; without any list everything is picked',
  });

const names = z.array(z.string()).nullable();
export const filterShape = z
  .object({
    switches: names,
    routers: names,
    port_groups: names,
    address_sets: names,
    load_balancers: names,
    include_ports: z.boolean(),
    include_acls: z.boolean(),
    include_load_balancers: z.boolean(),
    include_nat: z.boolean(),
    include_dhcp_options: z.boolean(),
    include_qos: z.boolean(),
  })
  .meta({ id: 'AnsweredFilter' });

export function filterOf(filter: ResourceFilter): z.output<typeof filterShape> {
  const list = (given: readonly string[] | undefined): string[] | null => (given === undefined ? null : [...given]);
  return {
    switches: list(filter.switches),
    routers: list(filter.routers),
    port_groups: list(filter.portGroups),
    address_sets: list(filter.addressSets),
    load_balancers: list(filter.loadBalancers),
    include_ports: filter.includePorts,
    include_acls: filter.includeAcls,
    include_load_balancers: filter.includeLoadBalancers,
    include_nat: filter.includeNat,
    include_dhcp_options: filter.includeDhcpOptions,
    include_qos: filter.includeQos,
  };
}
