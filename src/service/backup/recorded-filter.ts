/** A resource filter and what it pulled in, as they are kept in manifests and in the records of restores. */
import { z } from 'zod';

const names = z.array(z.string()).readonly().optional();

export const resourceFilterSchema = z
  .object({
    switches: names,
    routers: names,
    portGroups: names,
    addressSets: names,
    loadBalancers: names,
    includePorts: z.boolean(),
    includeAcls: z.boolean(),
    includeLoadBalancers: z.boolean(),
    includeNat: z.boolean(),
    includeDhcpOptions: z.boolean(),
    includeQos: z.boolean(),
  })
  .readonly();

export type ResourceFilter = z.infer<typeof resourceFilterSchema>;

/** A row that nobody named and that comes along, and why. */
export const pulledInSchema = z
  .object({ table: z.string(), uuid: z.string(), label: z.string(), reason: z.string() })
  .readonly();

/** What is listed of the rows pulled in; more are counted only. */
export const PULLED_IN_LISTED_MAX = 500;
