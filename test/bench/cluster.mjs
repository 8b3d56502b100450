// A RAFT cluster of three ovsdb-servers with the default election timer, in a folder of its own.

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DATABASE, ENVIRONMENT, run, stop } from './processes.mjs';

const SETTLE_TIMEOUT_MS = 120_000;
const LOOKS = 3;

/** A port that nobody listens on, below what systems give to outgoing connections. */
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const isFree = await new Promise((answer) =>
      server.once('error', () => answer(false)).listen(port, '127.0.0.1', () => answer(true)),
    );
    await new Promise((closed) => server.close(closed));
    if (isFree) return port;
  }
}

export class Cluster {
  /** Starts a cluster that holds the database file, and waits until all follow one leader. */
  static async start(folder, file) {
    const cluster = new Cluster(folder);
    try {
      const ports = [await freePort(), await freePort(), await freePort()];
      const raft = (n) => `tcp:127.0.0.1:${ports[n]}`;
      for (let n = 0; n < 3; n++) {
        const home = join(folder, `member-${n}`);
        mkdirSync(home, { recursive: true });
        const database = join(home, 'nb.db');
        run('ovsdb-tool', [
          '-vconsole:err',
          ...(n === 0
            ? ['create-cluster', database, file, raft(0)]
            : ['join-cluster', database, DATABASE, raft(n), raft(0)]),
        ]);
        // a member of a cluster allows no --run: a signal ends it when this process ends
        const words = [
          '--no-chdir',
          `--unixctl=${join(home, 'ctl')}`,
          '-vconsole:off',
          '-vsyslog:off',
          `--log-file=${join(home, 'log')}`,
          `--remote=p${cluster.remote(n)}`,
          database,
        ];
        cluster.children.push(
          spawn('setpriv', ['--pdeathsig', 'KILL', 'ovsdb-server', ...words], {
            env: { ...ENVIRONMENT, OVS_RUNDIR: home },
            stdio: 'ignore',
          }),
        );
      }
      await cluster.settled();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  constructor(folder) {
    this.folder = folder;
    this.children = [];
  }

  remote(n) {
    return `unix:${join(this.folder, `member-${n}`, 'nb.sock')}`;
  }

  /** Waits until all follow one leader. Answers its number and its term. */
  async settled() {
    let looks = 0;
    for (const until = performance.now() + SETTLE_TIMEOUT_MS; performance.now() < until; await sleep(200)) {
      const members = [0, 1, 2].map((n) => this.status(n));
      const leader = members.findIndex((member) => member?.role === 'leader');
      const isSettled =
        leader >= 0 &&
        members.every(
          (member) =>
            member?.isMember &&
            member.term === members[leader].term &&
            (member.role === 'leader' || member.leader === members[leader].id),
        );
      looks = isSettled ? looks + 1 : 0;
      if (looks === LOOKS) return { leader, term: members[leader].term };
    }
    throw new Error('the cluster has not settled');
  }

  /** What a member says of itself, undefined while it says nothing. */
  status(n) {
    try {
      const text = run('ovs-appctl', [
        '--timeout=30',
        '-t',
        join(this.folder, `member-${n}`, 'ctl'),
        'cluster/status',
        DATABASE,
      ]).toString();
      const field = (name) => new RegExp(`^${name}: *(.*)$`, 'm').exec(text)?.[1] ?? '';
      return {
        role: field('Role'),
        isMember: field('Status') === 'cluster member',
        term: Number(field('Term')),
        leader: field('Leader'),
        id: field('Server ID').slice(0, 4),
      };
    } catch {
      return undefined;
    }
  }

  async stop() {
    await Promise.all(this.children.map(stop));
  }
}
