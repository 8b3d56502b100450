/**
 * The demo's network: a small shop in the Northbound database. Six web machines and four
 * database machines behind one router, which leads to the outside through two gateways.
 *
 *   physnet ── external ── edge router ──┬── web (10.10.1.0/24)   web-1 .. web-6
 *              monitor, bastion          └── db  (10.10.2.0/24)   db-1 .. db-4
 *
 * Written as commands of ovn-nbctl(8), for all to be run in one transaction.
 */

/** One command of ovn-nbctl: its words, with options first. */
export type Command = readonly string[];

interface Machine {
  readonly name: string;
  readonly mac: string;
  readonly ip: string;
}

interface Subnet {
  readonly switch: string;
  readonly cidr: string;
  readonly gateway: string;
  readonly gatewayMac: string;
  readonly machines: readonly Machine[];
}

const WEB: Subnet = {
  switch: 'web',
  cidr: '10.10.1.0/24',
  gateway: '10.10.1.1',
  gatewayMac: '0a:00:00:00:01:01',
  machines: machines('web', 6, '10.10.1', '0a:00:00:01:00'),
};
const DB: Subnet = {
  switch: 'db',
  cidr: '10.10.2.0/24',
  gateway: '10.10.2.1',
  gatewayMac: '0a:00:00:00:02:01',
  machines: machines('db', 4, '10.10.2', '0a:00:00:02:00'),
};
const OUTSIDE: readonly Machine[] = [
  { name: 'monitor', mac: '0a:00:00:03:00:01', ip: '203.0.113.5' },
  { name: 'bastion', mac: '0a:00:00:03:00:02', ip: '203.0.113.6' },
];

function machines(name: string, count: number, net: string, mac: string): readonly Machine[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `${name}-${index + 1}`,
    mac: `${mac}:0${index + 1}`,
    ip: `${net}.${11 + index}`,
  }));
}

/** The commands that build the network in an empty Northbound database; they hang together, so run them in one go. */
export function demoNetwork(): readonly Command[] {
  return [...router(), ...subnet(WEB), ...subnet(DB), ...external(), ...security(), ...services()];
}

function router(): readonly Command[] {
  return [
    ['lr-add', 'edge'],
    ['set', 'Logical_Router', 'edge', 'external_ids:owner=network-team'],
    ['lrp-add', 'edge', 'edge-external', '0a:00:00:00:03:01', '203.0.113.2/24'],
    ['lrp-set-gateway-chassis', 'edge-external', 'gateway-1', '20'],
    ['lrp-set-gateway-chassis', 'edge-external', 'gateway-2', '10'],
    ['lr-route-add', 'edge', '0.0.0.0/0', '203.0.113.1', 'edge-external'],
    ['lr-nat-add', 'edge', 'snat', '203.0.113.2', '10.10.0.0/16'],
    ['lr-nat-add', 'edge', 'dnat_and_snat', '203.0.113.20', '10.10.1.11'],
  ];
}

/** A switch, its leg on the router, its machines and the DHCP options that they share. */
function subnet(net: Subnet): readonly Command[] {
  const dhcp = `@dhcp_${net.switch}`;
  return [
    ['ls-add', net.switch],
    [
      'set',
      'Logical_Switch',
      net.switch,
      `other_config:subnet=${net.cidr}`,
      `other_config:exclude_ips=${net.gateway}`,
      'external_ids:owner=shop-team',
    ],
    ['lrp-add', 'edge', `edge-${net.switch}`, net.gatewayMac, `${net.gateway}/24`],
    ...routerPort(net.switch),
    [
      ...[
        `--id=${dhcp}`,
        'create',
        'DHCP_Options',
        `cidr=${net.cidr}`,
        `external_ids:switch=${net.switch}`,
        `options:server_id=${net.gateway}`,
      ],
      ...[
        `options:server_mac="${net.gatewayMac}"`,
        `options:router=${net.gateway}`,
        'options:lease_time=3600',
        'options:dns_server="{9.9.9.9, 1.1.1.1}"',
      ],
    ],
    ...net.machines.flatMap((machine) => [
      ...port(net.switch, machine),
      ['set', 'Logical_Switch_Port', machine.name, `dhcpv4_options=${dhcp}`],
    ]),
  ];
}

function external(): readonly Command[] {
  return [
    ['ls-add', 'external'],
    ['lsp-add', 'external', 'external-localnet'],
    ['lsp-set-type', 'external-localnet', 'localnet'],
    ['lsp-set-addresses', 'external-localnet', 'unknown'],
    ['lsp-set-options', 'external-localnet', 'network_name=physnet'],
    ...routerPort('external'),
    ...OUTSIDE.flatMap((machine) => port('external', machine)),
  ];
}

function routerPort(name: string): readonly Command[] {
  return [
    ['lsp-add', name, `${name}-edge`],
    ['lsp-set-type', `${name}-edge`, 'router'],
    ['lsp-set-addresses', `${name}-edge`, 'router'],
    ['lsp-set-options', `${name}-edge`, `router-port=edge-${name}`],
  ];
}

function port(name: string, machine: Machine): readonly Command[] {
  return [
    ['lsp-add', name, machine.name],
    ['lsp-set-addresses', machine.name, `${machine.mac} ${machine.ip}`],
    ['lsp-set-port-security', machine.name, `${machine.mac} ${machine.ip}`],
    ['set', 'Logical_Switch_Port', machine.name, `external_ids:vm=${machine.name}.shop.example`],
  ];
}

/** HTTP and HTTPS to the web machines from anywhere, the database from the web machines only, SSH from the office. */
function security(): readonly Command[] {
  // not acl-add: with a name it switches logging on
  const allow = (group: string, name: string, priority: number, match: string): readonly Command[] => [
    [
      ...[
        `--id=@${name}`,
        'create',
        'ACL',
        `name=${name}`,
        'direction=to-lport',
        `priority=${priority}`,
        'action=allow-related',
      ],
      `match="outport == @${group} && ${match}"`,
    ],
    ['add', 'Port_Group', group, 'acls', `@${name}`],
  ];
  const drop = (group: string): Command => [
    ...[
      '--log',
      '--severity=info',
      '--meter=acl-log',
      `--name=${group}_drop`,
      'acl-add',
      group,
      'to-lport',
      '100',
      `outport == @${group} && ip`,
      'drop',
    ],
  ];
  return [
    ['meter-add', 'acl-log', 'drop', '20', 'pktps'],
    ['create', 'Address_Set', 'name=office', 'addresses="198.51.100.0/24","203.0.113.6"'],
    ['pg-add', 'pg_web', ...WEB.machines.map((machine) => machine.name)],
    ['pg-add', 'pg_db', ...DB.machines.map((machine) => machine.name)],
    ...allow('pg_web', 'web_http', 1002, 'ip4 && tcp.dst == {80, 443}'),
    ...allow('pg_web', 'web_ssh', 1001, 'ip4.src == $office && tcp.dst == 22'),
    drop('pg_web'),
    ...allow('pg_db', 'db_from_web', 1002, 'ip4.src == $pg_web_ip4 && tcp.dst == 5432'),
    drop('pg_db'),
  ];
}

function services(): readonly Command[] {
  const backends = WEB.machines.slice(0, 3);
  return [
    ['lb-add', 'shop', '203.0.113.80:80', backends.map((machine) => `${machine.ip}:8080`).join(','), 'tcp'],
    [
      '--id=@check',
      'create',
      'Load_Balancer_Health_Check',
      'vip="203.0.113.80:80"',
      'options:interval=5',
      'options:timeout=3',
      'options:failure_count=3',
    ],
    ['add', 'Load_Balancer', 'shop', 'health_check', '@check'],
    [
      'set',
      'Load_Balancer',
      'shop',
      ...backends.map((machine) => `ip_port_mappings:${machine.ip}="${machine.name}:${WEB.gateway}"`),
    ],
    ['lr-lb-add', 'edge', 'shop'],
    ['ls-lb-add', 'web', 'shop'],
    ['qos-add', 'db', 'from-lport', '100', 'inport == "db-4"', 'rate=50000', 'burst=5000', 'dscp=10'],
  ];
}
