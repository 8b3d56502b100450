// ovn-kubernetes-like Northbound content.
//
// One logical switch and one gateway router per node, a join switch, a transit
// switch and one cluster router; pods as switch ports; per namespace an address
// set, port groups, network policies (ACLs), services (load balancers in groups),
// egress firewalls, egress IPs and per-pod SNAT for some.

import { ip4, mac58 } from '../lib/text.mjs';
import { addNamespaces } from './k8s-namespaces.mjs';

const CONTROLLER = 'default-network-controller';

export const minRows = 300;

export function generate(nb, rng, target) {
  const U = () => rng.uuid();
  let reserved = 0;
  const left = () => target - nb.rows - reserved;
  const add = (table, row, uuid = U()) => {
    nb.add(table, uuid, row);
    return uuid;
  };
  const ids = (type, name, extra = {}) => ({
    'k8s.ovn.org/id': `${CONTROLLER}:${type}:${name}`,
    'k8s.ovn.org/name': name,
    'k8s.ovn.org/owner-controller': CONTROLLER,
    'k8s.ovn.org/owner-type': type,
    ...extra,
  });

  // ---- cluster-wide objects -------------------------------------------------
  const connection = add('Connection', {
    target: 'ptcp:6641:127.0.0.1',
    inactivity_probe: 180000,
    max_backoff: 8000,
    external_ids: {},
  });
  const ssl = add('SSL', {
    private_key: '/ovn-cert/tls.key',
    certificate: '/ovn-cert/tls.crt',
    ca_cert: '/ovn-ca/ca-bundle.crt',
    ssl_protocols: 'TLSv1.2',
    ssl_ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384',
  });
  add('NB_Global', {
    name: 'global',
    nb_cfg: 48213,
    nb_cfg_timestamp: 1700000001234,
    sb_cfg: 48213,
    sb_cfg_timestamp: 1700000001266,
    hv_cfg: 48212,
    hv_cfg_timestamp: 1700000000981,
    connections: [connection],
    ssl: [ssl],
    ipsec: false,
    options: {
      e2e_timestamp: '1700000001',
      mac_prefix: '0a:58:00',
      max_tunid: '16711680',
      name: 'global',
      northd_internal_version: '23.03.1-20.27.0-70.6',
      northd_probe_interval: '10000',
      svc_monitor_mac: '0a:58:0a:f4:01:02',
      use_logical_dp_groups: 'true',
      use_ct_inv_match: 'false',
      'northd-backoff-interval-ms': '300',
    },
  });
  const meters = {};
  for (const [name, rate] of [
    ['arp', 25],
    ['arp-resolve', 25],
    ['bfd', 25],
    ['event-elb', 25],
    ['icmp4-error', 25],
    ['icmp6-error', 25],
    ['reject', 25],
    ['tcp-reset', 25],
  ]) {
    const band = add('Meter_Band', { action: 'drop', rate, burst_size: 0 });
    add('Meter', { name: `${name}-rate-limiter`, unit: 'pktps', bands: [band], fair: [true] });
    meters[name] = `${name}-rate-limiter`;
  }
  const aclBand = add('Meter_Band', { action: 'drop', rate: 20, burst_size: 0 });
  add('Meter', { name: 'acl-logging', unit: 'pktps', bands: [aclBand], fair: [true] });
  const copp = add('Copp', { name: 'ovnkube-default', meters });

  const nodeCount = Math.max(3, Math.round(target / 320));
  const groups = [
    { name: 'clusterLBGroup', uuid: U() },
    { name: 'clusterSwitchLBGroup', uuid: U() },
    { name: 'clusterRouterLBGroup', uuid: U() },
  ];
  const allLbs = [];
  const switchLbs = [];
  const routerLbs = [];
  const clusterSubnet = '10.128.0.0/9';
  const clusterRouter = { ports: [], routes: [], policies: [], nat: [] };
  const joinPorts = [];
  const transitPorts = [];
  const mgmtPorts = [];
  const routerPorts = [];
  reserved +=
    (nb.has('Load_Balancer_Group') ? 3 : 0) +
    1 /* router */ +
    2 /* join, transit */ +
    2 /* cluster-wide port groups */ +
    nodeCount * 3;

  clusterRouter.ports.push(
    add('Logical_Router_Port', {
      name: 'rtoj-ovn_cluster_router',
      mac: mac58(0x64400001),
      networks: ['100.64.0.1/10'],
    }),
  );
  clusterRouter.ports.push(
    add('Logical_Router_Port', {
      name: 'rtots-ovn_cluster_router',
      mac: mac58(0x64580001),
      networks: ['100.88.0.1/16'],
      options: { mcast_flood: 'true' },
    }),
  );
  joinPorts.push(
    add('Logical_Switch_Port', {
      name: 'jtor-ovn_cluster_router',
      type: 'router',
      addresses: ['router'],
      options: { 'router-port': 'rtoj-ovn_cluster_router' },
      up: [true],
    }),
  );
  transitPorts.push(
    add('Logical_Switch_Port', {
      name: 'tstor-ovn_cluster_router',
      type: 'router',
      addresses: ['router'],
      options: { 'router-port': 'rtots-ovn_cluster_router', 'requested-tnl-key': '1' },
      external_ids: { 'node-id': '1' },
      up: [true],
    }),
  );
  for (const [match, priority] of [
    [`ip4.src == ${clusterSubnet} && ip4.dst == ${clusterSubnet}`, 102],
    [`ip4.src == ${clusterSubnet} && ip4.dst == 100.64.0.0/10`, 102],
    ['pkt.mark == 1008', 102],
  ]) {
    clusterRouter.policies.push(
      add('Logical_Router_Policy', { action: 'allow', match, priority, options: { pkt_mark: '1008' } }),
    );
  }
  const clusterAcls = [
    add('ACL', {
      action: 'drop',
      direction: 'from-lport',
      match: 'ip4.mcast || mldv1 || mldv2 || (ip6.dst[120..127] == 0xff && ip6.dst[116] == 1)',
      priority: 1011,
      options: { 'apply-after-lb': 'true' },
      name: ['DefaultDeny:MulticastCluster:Egress'],
      external_ids: ids('MulticastCluster', 'DefaultDeny', { direction: 'Egress' }),
    }),
    add('ACL', {
      action: 'drop',
      direction: 'to-lport',
      match: 'ip4.mcast || mldv1 || mldv2 || (ip6.dst[120..127] == 0xff && ip6.dst[116] == 1)',
      priority: 1011,
      name: ['DefaultDeny:MulticastCluster:Ingress'],
      external_ids: ids('MulticastCluster', 'DefaultDeny', { direction: 'Ingress' }),
    }),
  ];

  // ---- nodes ----------------------------------------------------------------
  const nodes = [];
  for (let i = 0; i < nodeCount; i++) {
    const role = i < 3 ? 'master' : i % 17 === 0 ? 'infra' : 'worker';
    const name = `ip-10-0-${(i >> 8) & 255}-${i & 255}.${role}.eu-west-${1 + (i % 3)}.compute.internal`;
    const net = 0x0a800000 + i * 512;
    const joinIp = 0x64400002 + i;
    const hostIp = 0xac100002 + i;
    const chassis = U();
    const node = {
      name,
      net,
      joinIp,
      hostIp,
      chassis,
      nextPod: 3,
      ls: U(),
      ext: U(),
      gr: U(),
      ports: [],
      acls: [],
      lbs: [],
      grLbs: [],
      nat: [],
      routes: [],
      qos: [],
    };
    nodes.push(node);
    const gw = [add('Gateway_Chassis', { name: `rtos-${name}-${chassis}`, chassis_name: chassis, priority: 1 })];
    clusterRouter.ports.push(
      add('Logical_Router_Port', {
        name: `rtos-${name}`,
        mac: mac58(net + 1),
        networks: [`${ip4(net + 1)}/23`],
        gateway_chassis: gw,
        options: { gateway_mtu: '1400' },
      }),
    );
    const rtoj = add('Logical_Router_Port', {
      name: `rtoj-GR_${name}`,
      mac: mac58(joinIp),
      networks: [`${ip4(joinIp)}/10`],
      options: { gateway_mtu: '1400' },
    });
    const rtoe = add('Logical_Router_Port', {
      name: `rtoe-GR_${name}`,
      mac: mac58(hostIp),
      networks: [`${ip4(hostIp)}/16`],
      external_ids: { 'gateway-physical-ip': 'yes' },
      options: { gateway_mtu: '1400' },
    });
    node.grPorts = [rtoj, rtoe];
    routerPorts.push(
      add('Logical_Switch_Port', {
        name: `stor-${name}`,
        type: 'router',
        addresses: ['router'],
        options: { 'router-port': `rtos-${name}`, arp_proxy: '0a:58:a9:fe:01:01 169.254.1.1 10.128.0.0/9' },
        up: [true],
      }),
    );
    node.ports.push(routerPorts.at(-1));
    mgmtPorts.push(
      add('Logical_Switch_Port', { name: `k8s-${name}`, addresses: [`${mac58(net + 2)} ${ip4(net + 2)}`], up: [true] }),
    );
    node.ports.push(mgmtPorts.at(-1));
    joinPorts.push(
      add('Logical_Switch_Port', {
        name: `jtor-GR_${name}`,
        type: 'router',
        addresses: ['router'],
        options: { 'router-port': `rtoj-GR_${name}` },
        up: [true],
      }),
    );
    transitPorts.push(
      add('Logical_Switch_Port', {
        name: `tstor-${name}`,
        type: 'remote',
        addresses: [`${mac58(0x64580002 + i)} ${ip4(0x64580002 + i)}/16`],
        options: { 'requested-chassis': name, 'requested-tnl-key': String(2 + i) },
        external_ids: { node: name },
        up: [true],
      }),
    );
    node.extPorts = [
      add('Logical_Switch_Port', {
        name: `etor-GR_${name}`,
        type: 'router',
        addresses: [mac58(hostIp)],
        options: { 'exclude-lb-vips-from-garp': 'true', 'nat-addresses': 'router', 'router-port': `rtoe-GR_${name}` },
        up: [true],
      }),
      add('Logical_Switch_Port', {
        name: `br-ex_${name}`,
        type: 'localnet',
        addresses: ['unknown'],
        options: { network_name: 'physnet' },
      }),
    ];
    clusterRouter.routes.push(
      add('Logical_Router_Static_Route', { ip_prefix: `${ip4(net)}/23`, nexthop: ip4(joinIp), policy: ['src-ip'] }),
    );
    clusterRouter.routes.push(
      add('Logical_Router_Static_Route', { ip_prefix: `${ip4(joinIp)}`, nexthop: ip4(joinIp) }),
    );
    node.routes.push(
      add('Logical_Router_Static_Route', {
        ip_prefix: '0.0.0.0/0',
        nexthop: '172.16.0.1',
        output_port: [`rtoe-GR_${name}`],
      }),
    );
    node.routes.push(add('Logical_Router_Static_Route', { ip_prefix: clusterSubnet, nexthop: '100.64.0.1' }));
    node.routes.push(
      add('Logical_Router_Static_Route', {
        ip_prefix: '169.254.169.0/29',
        nexthop: '169.254.169.4',
        output_port: [`rtoe-GR_${name}`],
        options: { ecmp_symmetric_reply: 'true' },
      }),
    );
    clusterRouter.policies.push(
      add('Logical_Router_Policy', {
        action: 'reroute',
        priority: 1004,
        nexthops: [ip4(net + 2)],
        match: `inport == "rtos-${name}" && ip4.dst == ${ip4(hostIp)} /* ${name} */`,
      }),
    );
    clusterRouter.policies.push(
      add('Logical_Router_Policy', {
        action: 'reroute',
        priority: 1003,
        nexthops: [ip4(net + 2)],
        match: `ip4.src == ${ip4(net + 2)}  && ip4.dst == ${ip4(hostIp)} /* ${name} */`,
      }),
    );
    node.nat.push(
      add('NAT', {
        type: 'snat',
        external_ip: ip4(hostIp),
        logical_ip: clusterSubnet,
        options: { stateless: 'false' },
        external_ids: { 'k8s.ovn.org/owner-type': 'Node' },
      }),
    );
    add('Static_MAC_Binding', {
      logical_port: `rtoe-GR_${name}`,
      ip: '169.254.169.4',
      mac: '0a:58:a9:fe:a9:04',
      override_dynamic_mac: true,
    });
    node.acls.push(
      add('ACL', {
        action: 'allow-related',
        direction: 'to-lport',
        match: `ip4.src==${ip4(net + 2)}`,
        priority: 1001,
        external_ids: ids('NetpolNode', name, { direction: 'Ingress', ip: ip4(net + 2) }),
      }),
    );
    add('Chassis_Template_Var', {
      chassis,
      variables: { NODEIP_IPv4_0: ip4(hostIp), NODEIP_IPv4_1: ip4(hostIp + 0x10000) },
    });
    if (i % 10 === 9) {
      const bfd = add('BFD', {
        logical_port: `rtoe-GR_${name}`,
        dst_ip: ip4(0xc0a80000 + i),
        min_tx: [1000],
        min_rx: [1000],
        detect_mult: [5],
        status: ['up'],
      });
      node.routes.push(
        add('Logical_Router_Static_Route', {
          ip_prefix: ip4(net + 400),
          nexthop: ip4(0xc0a80000 + i),
          policy: ['src-ip'],
          bfd: [bfd],
          output_port: [`rtoe-GR_${name}`],
          options: { ecmp_symmetric_reply: 'true' },
        }),
      );
    }
  }

  // virtual machines run on a few nodes: DHCP options shared by their ports
  const dhcp = [];
  for (let i = 0; i < Math.min(nodeCount, 1 + Math.floor(nodeCount / 8)); i++) {
    const n = nodes[i];
    dhcp.push(
      add('DHCP_Options', {
        cidr: `${ip4(n.net)}/23`,
        options: {
          server_id: '169.254.1.1',
          server_mac: '0a:58:a9:fe:01:01',
          lease_time: '3500',
          router: '169.254.1.1',
          dns_server: '172.30.0.10',
          mtu: '1400',
          hostname: '"vm"',
        },
        external_ids: ids('VirtualMachine', `vm-net-${i}`, { cidr: `${ip4(n.net)}/23` }),
      }),
    );
  }

  addNamespaces({
    U,
    add,
    ids,
    left,
    rng,
    target,
    nodes,
    nodeCount,
    dhcp,
    clusterSubnet,
    clusterRouter,
    allLbs,
    switchLbs,
    routerLbs,
  });

  // ---- the parents, now that their children are known -------------------------
  for (const n of nodes) {
    nb.add('Logical_Switch', n.ls, {
      name: n.name,
      ports: n.ports,
      acls: n.acls,
      qos_rules: n.qos,
      load_balancer: n.lbs,
      load_balancer_group: [groups[0].uuid, groups[1].uuid],
      dns_records: n.dns ?? [],
      other_config: {
        subnet: `${ip4(n.net)}/23`,
        mcast_eth_src: mac58(n.net + 1),
        mcast_ip4_src: ip4(n.net + 1),
        mcast_querier: 'true',
        mcast_snoop: 'true',
        exclude_ips: ip4(n.net + 2),
      },
    });
    nb.add('Logical_Switch', n.ext, { name: `ext_${n.name}`, ports: n.extPorts });
    nb.add('Logical_Router', n.gr, {
      name: `GR_${n.name}`,
      ports: n.grPorts,
      nat: n.nat,
      static_routes: n.routes,
      load_balancer: n.grLbs,
      load_balancer_group: [groups[0].uuid, groups[2].uuid],
      copp: [copp],
      options: {
        always_learn_from_arp_request: 'false',
        chassis: n.chassis,
        dynamic_neigh_routers: 'true',
        lb_force_snat_ip: 'router_ip',
        mac_binding_age_threshold: '300',
        'snat-ct-zone': '0',
      },
      external_ids: { physical_ip: ip4(n.hostIp), physical_ips: ip4(n.hostIp) },
    });
  }
  add('Logical_Router', {
    name: 'ovn_cluster_router',
    ports: clusterRouter.ports,
    static_routes: clusterRouter.routes,
    policies: clusterRouter.policies,
    nat: clusterRouter.nat,
    copp: [copp],
    options: { mcast_relay: 'true' },
    external_ids: { 'k8s-cluster-router': 'yes', 'k8s-ovn-topo-version': '6' },
  });
  add('Logical_Switch', { name: 'join', ports: joinPorts });
  add('Logical_Switch', {
    name: 'transit_switch',
    ports: transitPorts,
    other_config: { 'interconn-ts': 'transit_switch', mcast_snoop: 'true', 'requested-tnl-key': '16711683' },
  });
  add('Port_Group', {
    name: 'clusterPortGroup',
    ports: mgmtPorts,
    acls: clusterAcls,
    external_ids: ids('Cluster', 'ClusterPortGroup'),
  });
  add('Port_Group', {
    name: 'clusterRtrPortGroup',
    ports: routerPorts,
    external_ids: ids('Cluster', 'ClusterRtrPortGroup'),
  });
  nb.add('Load_Balancer_Group', groups[0].uuid, { name: groups[0].name, load_balancer: allLbs });
  nb.add('Load_Balancer_Group', groups[1].uuid, { name: groups[1].name, load_balancer: switchLbs });
  nb.add('Load_Balancer_Group', groups[2].uuid, { name: groups[2].name, load_balancer: routerLbs });
}
