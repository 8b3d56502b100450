/** The flags of a resource filter that leaves nothing out. */
export const EVERYTHING_INCLUDED = {
  includePorts: true,
  includeAcls: true,
  includeLoadBalancers: true,
  includeNat: true,
  includeDhcpOptions: true,
  includeQos: true,
} as const;
