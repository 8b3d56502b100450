// The namespaces of the k8s profile: pods, address sets, port groups, network
// policies, services, egress firewalls and egress IPs, on the nodes that k8s.mjs made.

import { ip4, mac58 } from '../lib/text.mjs';

const APPS = [
  'api',
  'web',
  'worker',
  'cache',
  'db',
  'queue',
  'auth',
  'billing',
  'search',
  'ingest',
  'report',
  'gateway',
  'metrics',
  'frontend',
  'scheduler',
  'mailer',
];
const TEAMS = [
  'payments',
  'orders',
  'catalog',
  'identity',
  'platform',
  'data',
  'ml',
  'infra',
  'mobile',
  'edge',
  'support',
  'finance',
];
const STAGES = ['prod', 'staging', 'dev', 'qa', 'perf'];
const PORTS = [80, 443, 8080, 8443, 9090, 9100, 5432, 6379, 3306, 50051, 9092, 53, 8081, 15017];

/**
 * Adds namespaces until the number of rows is reached. Rows whose parent k8s.mjs writes
 * at the end are pushed to the lists of the nodes, the cluster router and the load balancers.
 */
export function addNamespaces(world) {
  const {
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
  } = world;
  let podSerial = 0;
  let serviceIp = 0xac1e0001;
  let egressIp = 0xc0a8c000;

  function addPod(ns, app, vm) {
    let node = nodes[rng.int(nodeCount)];
    for (let tries = 0; node.nextPod > 500 && tries < 50; tries++) node = nodes[rng.int(nodeCount)];
    const ip = node.net + node.nextPod++;
    const mac = mac58(ip);
    const pod = `${app}-${rng.hex8()}-${rng.hex4()}${(podSerial++).toString(36)}`;
    const name = `${ns}_${pod}`;
    const uuid = add('Logical_Switch_Port', {
      name,
      addresses: [`${mac} ${ip4(ip)}`],
      port_security: [`${mac} ${ip4(ip)}`],
      up: [true],
      dhcpv4_options: vm ? [dhcp[rng.int(dhcp.length)]] : undefined,
      options: { 'iface-id-ver': U(), 'requested-chassis': node.name },
      external_ids: { namespace: ns, pod: 'true' },
    });
    node.ports.push(uuid);
    return { uuid, ip, node, name };
  }

  const cidrs = (n) =>
    Array.from(
      { length: n },
      () => `${ip4(0x0b000000 + rng.int(0x90000000) - rng.int(256))}/${rng.pick([16, 20, 22, 24, 28, 32])}`,
    );

  let nsSerial = 0;
  const maxPods = Math.max(8, Math.min(600, Math.floor(target / 120)));
  for (;;) {
    // the plan first, so that the cost is known before anything is written
    const big = rng.chance(0.01);
    const podCount = Math.min(maxPods, big ? 100 + rng.expo(200) : 2 + rng.expo(13));
    const policyCount = Math.min(12, rng.expo(2.6));
    const serviceCount = Math.min(80, 1 + rng.expo(podCount / 5));
    const perPodNat = rng.chance(0.3);
    const hasEgressIp = rng.chance(0.06);
    const firewallRules = rng.chance(0.08) ? 3 + rng.expo(14) : 0;
    const hasQos = rng.chance(0.05);
    const hasDns = rng.chance(0.04);
    const worst =
      podCount * (1 + (perPodNat ? 1 : 0) + (hasEgressIp ? 2 : 0)) +
      8 +
      policyCount * 16 +
      serviceCount * 4 +
      24 +
      firewallRules +
      6;
    if (worst > left()) {
      if (left() < 200 || podCount <= 4) break;
      continue;
    }

    const ns = `${rng.pick(TEAMS)}-${rng.pick(APPS)}-${rng.pick(STAGES)}-${nsSerial++}`;
    const pods = [];
    for (let p = 0; p < podCount; p++) pods.push(addPod(ns, rng.pick(APPS), rng.chance(0.01)));
    const podPorts = pods.map((p) => p.uuid);

    const nsSet = `a${rng.digits20()}`;
    add('Address_Set', {
      name: nsSet,
      addresses: pods.map((p) => ip4(p.ip)),
      external_ids: ids('Namespace', ns, { 'ip-family': 'v4' }),
    });

    const nsAcls = [];
    const nsGroup = `a${rng.digits20()}`;
    for (let r = 0; r < firewallRules; r++) {
      const dst = rng.chance(0.3) ? `$a${rng.digits20()}` : cidrs(1)[0];
      const port = rng.chance(0.5) ? ` && ((tcp && ( tcp.dst == ${rng.pick(PORTS)} )))` : '';
      nsAcls.push(
        add('ACL', {
          action: r === firewallRules - 1 ? 'drop' : 'allow',
          direction: 'from-lport',
          priority: 10000 - r,
          match: `(ip4.dst == ${dst} && ip4.dst != ${clusterSubnet}) && inport == @${nsGroup}${port}`,
          options: { 'apply-after-lb': 'true' },
          name: [`EF:${ns}:${r}`.slice(0, 63)],
          external_ids: ids('EgressFirewall', ns, { direction: 'Egress', 'rule-index': String(r) }),
        }),
      );
    }
    add('Port_Group', {
      name: nsGroup,
      ports: podPorts,
      acls: nsAcls,
      external_ids: ids('Namespace', ns, { name: ns }),
    });

    if (policyCount > 0) {
      for (const [dir, way, port] of [
        ['Ingress', 'to-lport', 'outport'],
        ['Egress', 'from-lport', 'inport'],
      ]) {
        const pg = `a${rng.digits20()}`;
        const opts = dir === 'Egress' ? { 'apply-after-lb': 'true' } : {};
        const acls = [
          add('ACL', {
            action: 'drop',
            direction: way,
            priority: 1000,
            match: `${port} == @${pg}`,
            options: opts,
            log: rng.chance(0.1),
            severity: ['info'],
            meter: ['acl-logging'],
            name: [`NP:${ns}:${dir}`.slice(0, 63)],
            external_ids: ids('NetpolNamespace', ns, { direction: dir, type: 'defaultDeny' }),
          }),
          add('ACL', {
            action: 'allow',
            direction: way,
            priority: 1001,
            match: `${port} == @${pg} && (arp || nd)`,
            options: opts,
            name: [`NP:${ns}:${dir}`.slice(0, 63)],
            external_ids: ids('NetpolNamespace', ns, { direction: dir, type: 'arpAllow' }),
          }),
        ];
        add('Port_Group', {
          name: pg,
          ports: podPorts,
          acls,
          external_ids: ids('NetpolNamespace', ns, { direction: dir }),
        });
      }
    }

    for (let k = 0; k < policyCount; k++) {
      const policy = `${rng.pick(['allow', 'deny', 'restrict'])}-${rng.pick(APPS)}-${k}`;
      const pg = `a${rng.digits20()}`;
      const chosen = rng.sample(podPorts, Math.max(1, Math.ceil(podCount * (rng.chance(0.4) ? 1 : 0.4))));
      const acls = [];
      const rules = 1 + Math.min(11, rng.expo(3.6));
      for (let r = 0; r < rules; r++) {
        const ingress = rng.chance(0.65);
        const port = ingress ? `outport == @${pg}` : `inport == @${pg}`;
        const side = ingress ? 'src' : 'dst';
        const kind = rng.int(10);
        let peer;
        if (kind < 3) {
          peer = `ip4.${side} == {$${nsSet}}`;
        } else if (kind < 7) {
          const sets = Array.from({ length: 1 + rng.expo(1.5) }, () => `$a${rng.digits20()}`);
          peer =
            `(ip4.${side} == {${sets.join(', ')}} || (ip4.${side} == 169.254.169.5 && ip4.dst == ` +
            `{${sets.join(', ')}}))`;
        } else if (kind < 9) {
          peer = `ip4.${side} == ${cidrs(1)[0]} && ip4.${side} != {${cidrs(1 + rng.expo(3)).join(', ')}}`;
        } else {
          peer = `ip4.${side} == {${cidrs(5 + rng.expo(20)).join(', ')}}`;
        }
        const proto = rng.chance(0.8) ? 'tcp' : rng.chance(0.8) ? 'udp' : 'sctp';
        const ports = rng.sample(PORTS, 1 + rng.expo(0.8));
        const l4 = rng.chance(0.75)
          ? ` && ${proto} && ${proto}.dst==${ports.length === 1 ? ports[0] : `{${ports.join(',')}}`}`
          : '';
        acls.push(
          add('ACL', {
            action: 'allow-related',
            direction: ingress ? 'to-lport' : 'from-lport',
            priority: 1001,
            match: `${peer}${l4} && ${port}`,
            options: ingress ? {} : { 'apply-after-lb': 'true' },
            severity: ['info'],
            meter: ['acl-logging'],
            name: [`NP:${ns}:${policy}:${ingress ? 'Ingress' : 'Egress'}:${r}`.slice(0, 63)],
            external_ids: {
              ...ids('NetworkPolicy', `${ns}:${policy}`, {
                direction: ingress ? 'Ingress' : 'Egress',
                'gress-index': String(r),
                'ip-block-index': kind < 7 ? '-1' : '0',
                'port-policy-protocol': proto,
              }),
            },
          }),
        );
      }
      add('Port_Group', {
        name: pg,
        ports: chosen,
        acls,
        external_ids: ids('NetworkPolicy', `${ns}:${policy}`, { direction: 'Ingress' }),
      });
      if (rng.chance(0.7)) {
        add('Address_Set', {
          name: `a${rng.digits20()}`,
          addresses: [
            ...new Set(Array.from({ length: 1 + rng.expo(18) }, () => ip4(0x0a800000 + rng.int(nodeCount * 512)))),
          ],
          external_ids: ids('PodSelector', `${ns}:${policy}`, { 'ip-family': 'v4' }),
        });
      }
    }

    for (let s = 0; s < serviceCount; s++) {
      const svc = `${rng.pick(APPS)}-${s}`;
      const proto = rng.chance(0.9) ? 'tcp' : 'udp';
      const vip = ip4(serviceIp++);
      const backends = rng.sample(pods, 1 + Math.min(40, rng.expo(4)));
      const vips = {};
      for (const port of rng.sample(PORTS, 1 + rng.expo(0.7))) {
        vips[`${vip}:${port}`] = backends.map((b) => `${ip4(b.ip)}:${port + (port < 1024 ? 8000 : 0)}`).join(',');
      }
      const row = (name) => ({
        name,
        protocol: [proto],
        vips,
        options: {
          event: 'false',
          hairpin_snat_ip: '169.254.169.5 fd69::5',
          neighbor_responder: 'none',
          reject: 'true',
          skip_snat: 'false',
        },
        external_ids: { 'k8s.ovn.org/kind': 'Service', 'k8s.ovn.org/owner': `${ns}/${svc}` },
      });
      let check = [];
      if (rng.chance(0.01)) {
        check = [
          add('Load_Balancer_Health_Check', {
            vip: Object.keys(vips)[0],
            options: { interval: '5', timeout: '20', success_count: '3', failure_count: '3' },
          }),
        ];
      }
      const P = proto.toUpperCase();
      allLbs.push(
        add('Load_Balancer', {
          ...row(`Service_${ns}/${svc}_${P}_cluster`),
          health_check: check,
          selection_fields: rng.chance(0.02) ? ['ip_src', 'ip_dst'] : [],
        }),
      );
      if (rng.chance(0.12)) {
        switchLbs.push(add('Load_Balancer', row(`Service_${ns}/${svc}_${P}_node_switch_template`)));
        routerLbs.push(add('Load_Balancer', row(`Service_${ns}/${svc}_${P}_node_router_template`)));
      }
    }
    if (rng.chance(0.05)) {
      // a node-port service with local traffic policy: one load balancer per node that runs it
      for (const node of new Set(rng.sample(pods, 10).map((p) => p.node))) {
        const lb = add('Load_Balancer', {
          name: `Service_${ns}/local_TCP_node_router+switch_${node.name}`,
          protocol: ['tcp'],
          vips: {
            [`${ip4(node.hostIp)}:${30000 + rng.int(2767)}`]: pods
              .filter((p) => p.node === node)
              .map((p) => `${ip4(p.ip)}:8080`)
              .join(','),
          },
          options: { event: 'false', reject: 'true', skip_snat: 'true', hairpin_snat_ip: '169.254.169.5 fd69::5' },
          external_ids: { 'k8s.ovn.org/kind': 'Service', 'k8s.ovn.org/owner': `${ns}/local` },
        });
        node.lbs.push(lb);
        node.grLbs.push(lb);
      }
    }
    if (perPodNat) {
      for (const p of pods) {
        p.node.nat.push(
          add('NAT', {
            type: 'snat',
            external_ip: ip4(p.node.hostIp),
            logical_ip: ip4(p.ip),
            options: { stateless: 'false' },
          }),
        );
      }
    }
    if (hasEgressIp) {
      const eip = egressIp++;
      const via = nodes[rng.int(nodeCount)];
      for (const p of pods) {
        clusterRouter.policies.push(
          add('Logical_Router_Policy', {
            action: 'reroute',
            priority: 100,
            match: `ip4.src == ${ip4(p.ip)}`,
            nexthops: [ip4(via.joinIp)],
            external_ids: { name: `egressip-${ns}` },
            options: {},
          }),
        );
        via.nat.push(
          add('NAT', {
            type: 'snat',
            external_ip: ip4(eip),
            logical_ip: ip4(p.ip),
            logical_port: [`k8s-${via.name}`],
            options: { stateless: 'false' },
            external_ids: { name: `egressip-${ns}` },
          }),
        );
      }
    }
    if (hasQos) {
      const node = pods[0].node;
      node.qos.push(
        add('QoS', {
          priority: 1000,
          direction: 'to-lport',
          match: `(ip4.dst == ${cidrs(1)[0]}) && ip4.src == $${nsSet}`,
          action: { dscp: 40 + rng.int(8) },
          bandwidth: rng.chance(0.3) ? { rate: 100000, burst: 20000 } : {},
          external_ids: { EgressQoS: ns },
        }),
      );
    }
    if (hasDns) {
      const records = {};
      for (const p of pods.slice(0, 60)) records[`${p.name.split('_')[1]}.${ns}.pod.cluster.local`] = ip4(p.ip);
      (pods[0].node.dns ??= []).push(add('DNS', { records, external_ids: { namespace: ns } }));
    }
  }
  while (left() > 0) addPod('batch-jobs', 'job', false);
}
