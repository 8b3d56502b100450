/** One connection to a real ovsdb-server, and to peers that are none. */
import { execFile } from 'node:child_process';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemClock } from '../../src/lib/clock.js';
import { Connection, type Notification } from '../../src/ovsdb/connection.js';
import { ConnectionError, OvsdbError } from '../../src/ovsdb/error.js';
import { Framer } from '../../src/ovsdb/frame.js';
import { type Json, parseJson, stringifyJson } from '../../src/ovsdb/json.js';
import {
  COMMIT_DURABLY,
  commentOperation,
  deleteOperation,
  insertOperation,
  mutateOperation,
  updateOperation,
  waitOperation,
} from '../../src/ovsdb/operation.js';
import { parseRemotes, type Remote } from '../../src/ovsdb/remote.js';
import { checkTransactReply, resultOf, transactResults } from '../../src/ovsdb/reply.js';
import { NORTHBOUND, transact } from '../support/judge/judge.js';
import { environment, startOvsdbServer, type TestServer } from '../support/servers/ovsdb-server.js';
import { until } from '../support/until.js';

const timeoutMs = 60_000;
const A = '11111111-1111-4111-8111-111111111111';
const B = '22222222-2222-4222-8222-222222222222';

let server: TestServer;
beforeAll(async () => {
  server = await startOvsdbServer();
});
afterAll(async () => {
  await server.stop();
});

const remoteOf = (text: string): Remote => parseRemotes(text)[0] as Remote;
const open = (text = server.remote, limitMs = timeoutMs): Promise<Connection> =>
  Connection.open(remoteOf(text), { timeoutMs: limitMs, clock: systemClock });

async function using<T>(connection: Connection, work: (connection: Connection) => Promise<T>): Promise<T> {
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: unknown) => error as Error,
  );
}

/** A peer that says what a test wants it to. */
async function withPeer<T>(
  talk: (socket: Socket, text: string) => void,
  work: (remote: string) => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>();
  const peer = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', (chunk) => {
      talk(socket, chunk.toString());
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  try {
    return await work(`tcp:127.0.0.1:${String((peer.address() as AddressInfo).port)}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => peer.close(resolve));
  }
}

const run = (connection: Connection, ...operations: readonly string[]): Promise<Buffer> =>
  connection.call('transact', [`["${NORTHBOUND}",`, operations.join(','), ']'], { timeoutMs });

describe('requests', () => {
  it('are answered, many at a time, each with its own answer', async () => {
    await using(await open(), async (connection) => {
      expect(await connection.request('list_dbs', [], { timeoutMs })).toEqual(
        expect.arrayContaining([NORTHBOUND, '_Server']),
      );
      const echoes = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          connection.request('echo', [i, `\u00fc\u{1f600}"\\ ${String(i)}`], { timeoutMs }),
        ),
      );
      expect(echoes).toEqual(Array.from({ length: 50 }, (_, i) => [i, `\u00fc\u{1f600}"\\ ${String(i)}`]));
    });
  });

  it('carry requests and answers of megabytes', async () => {
    await using(await open(), async (connection) => {
      const long = '\u20ac\u{1f600}{"\\'.repeat(300_000);
      expect(await connection.request('echo', [long], { timeoutMs: 60_000 })).toEqual([long]);
      async function* pieces(): AsyncGenerator<string> {
        yield '[';
        for (let i = 0; i < 20_000; i++) {
          if (i % 5_000 === 0) await sleep(1);
          yield `${i === 0 ? '' : ','}"${String(i)}-\u{1f600}"`;
        }
        yield ']';
      }
      const reply = resultOf(await connection.call('echo', pieces(), { timeoutMs: 60_000 })) as readonly Json[];
      expect(reply).toHaveLength(20_000);
      expect(reply[19_999]).toBe('19999-\u{1f600}');
    });
  });

  it('keep 64-bit integers exact on the way there and back', async () => {
    await using(await open(), async (connection) => {
      checkTransactReply(
        await run(connection, '{"op":"delete","table":"NB_Global","where":[]}', insertOperation('NB_Global', A, '{}')),
      );
      for (const integer of [2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
        checkTransactReply(await run(connection, updateOperation('NB_Global', A, `{"nb_cfg":${String(integer)}}`)));
        const [selected] = transactResults(
          await run(connection, '{"op":"select","table":"NB_Global","where":[],"columns":["nb_cfg"]}'),
        );
        expect(selected).toEqual({ rows: [{ nb_cfg: integer }] });
      }
    });
  });

  it('tell subscribers of changes, in their order', async () => {
    await using(await open(), async (connection) => {
      const seen: Notification[] = [];
      connection.subscribe((notification) => seen.push(notification));
      await connection.request('monitor_cond', [NORTHBOUND, 'mine', { Address_Set: [{ columns: ['name'] }] }], {
        timeoutMs,
      });
      for (const name of ['one', 'two', 'three'])
        await transact(server.remote, [{ op: 'insert', table: 'Address_Set', row: { name } }]);
      await connection.request('monitor_cancel', ['mine'], { timeoutMs });
      expect(
        seen.map(
          ({ method, params }) =>
            `${method} ${String(params[0])} ` +
            stringifyJson(params[1] as Json).replaceAll(/"[0-9a-f-]{36}"/g, '"uuid"'),
        ),
      ).toEqual(
        ['one', 'two', 'three'].map((name) => `update2 mine {"Address_Set":{"uuid":{"insert":{"name":"${name}"}}}}`),
      );
      await transact(server.remote, [{ op: 'delete', table: 'Address_Set', where: [] }]);
    });
  });
});

describe('errors of the server', () => {
  it('are told for a whole request', async () => {
    await using(await open(), async (connection) => {
      const error = await failureOf(connection.request('nonsense', [], { timeoutMs }));
      expect(error).toBeInstanceOf(OvsdbError);
      expect(error).toMatchObject({ error: 'unknown method', operation: undefined });
      expect(await failureOf(connection.request('get_schema', ['Nowhere'], { timeoutMs }))).toMatchObject({
        error: 'unknown database',
      });
      expect(await connection.request('echo', ['still here'], { timeoutMs })).toEqual(['still here']);
    });
  });

  it('name the operation that failed, and nothing of the transaction stays', async () => {
    await using(await open(), async (connection) => {
      const reply = await run(
        connection,
        insertOperation('Logical_Switch', A, '{"name":"web"}'),
        insertOperation('Logical_Switch', B, '{"name":1}'),
        commentOperation('never'),
      );
      expect(() => {
        checkTransactReply(reply);
      }).toThrow(OvsdbError);
      expect(
        await failureOf(
          Promise.resolve().then(() => {
            checkTransactReply(reply);
          }),
        ),
      ).toMatchObject({ error: 'syntax error', operation: 1 });
      const [selected] = transactResults(
        await run(connection, '{"op":"select","table":"Logical_Switch","where":[],"columns":["name"]}'),
      );
      expect(selected).toEqual({ rows: [] });
    });
  });

  it.each<[string, string, readonly string[]]>([
    [
      'a strong reference to nothing',
      'referential integrity violation',
      [insertOperation('Logical_Switch', A, `{"name":"web","ports":["uuid","${B}"]}`), commentOperation('x')],
    ],
    [
      'two rows with one index key',
      'constraint violation',
      [insertOperation('Address_Set', A, '{"name":"same"}'), insertOperation('Address_Set', B, '{"name":"same"}')],
    ],
  ])('are found where they come at commit: %s', async (_what, error, operations) => {
    await using(await open(), async (connection) => {
      const reply = await run(connection, ...operations);
      expect(
        await failureOf(
          Promise.resolve().then(() => {
            checkTransactReply(reply);
          }),
        ),
      ).toMatchObject({ error, operation: operations.length });
    });
  });

  it('fire a guard when a row is not as expected', async () => {
    await using(await open(), async (connection) => {
      checkTransactReply(await run(connection, insertOperation('Logical_Switch', A, '{"name":"web"}')));
      const where = `[["_uuid","==",["uuid","${A}"]]]`;
      const guarded = (name: string): Promise<Buffer> =>
        run(
          connection,
          waitOperation('Logical_Switch', where, ['name'], `[{"name":"${name}"}]`),
          updateOperation('Logical_Switch', A, '{"name":"db"}'),
        );
      const stale = await guarded('other');
      expect(
        await failureOf(
          Promise.resolve().then(() => {
            checkTransactReply(stale);
          }),
        ),
      ).toMatchObject({ error: 'timed out', operation: 0 });
      checkTransactReply(await guarded('web'));
      checkTransactReply(
        await run(
          connection,
          mutateOperation('Logical_Switch', A, '[["external_ids","insert",["map",[["a","b"]]]]]'),
          COMMIT_DURABLY,
        ),
      );
      const [selected] = transactResults(
        await run(connection, '{"op":"select","table":"Logical_Switch","where":[],"columns":["name","external_ids"]}'),
      );
      expect(selected).toEqual({ rows: [{ name: 'db', external_ids: ['map', [['a', 'b']]] }] });
      checkTransactReply(await run(connection, deleteOperation('Logical_Switch', A)));
    });
  });

  it('are not seen in data that only looks like one', () => {
    expect(() => {
      checkTransactReply(Buffer.from('{"error":null,"id":1,"result":[{"rows":[{"name":"\\"error\\":\\"x\\""}]}]}'));
    }).not.toThrow();
    expect(() => {
      checkTransactReply(Buffer.from('{"error":null,"id":1,"result":[{},{"error":"timed out"}]}'));
    }).toThrow('timed out');
    expect(() => {
      checkTransactReply(Buffer.from('{"error":{"error":"not leader"},"id":1,"result":null}'));
    }).toThrow('not leader');
    expect(() => {
      checkTransactReply(Buffer.from('{"error":"unknown method","id":1,"result":null}'));
    }).toThrow('unknown method');
  });
});

describe('a probe of the server', () => {
  const PROBE = '{"id":"echo","method":"echo","params":[]}';
  const ANSWER = '{"id":"echo","result":[],"error":null}';

  it('is answered at once when nothing is being written, and otherwise behind the request, whole messages each', async () => {
    let text = '';
    let peer: Socket | undefined;
    const talk = (socket: Socket, chunk: string): void => {
      peer = socket;
      text += chunk;
    };
    await withPeer(talk, async (remote) => {
      await using(await open(remote), async (connection) => {
        async function* params(): AsyncGenerator<string> {
          yield `["${'x'.repeat(300_000)}"`;
          await until(() => text.length > 200_000);
          peer?.write(PROBE);
          // what is made from then on is little, and is a sign of life: it does not wait for more
          for (let i = 0; !text.includes('"piece'); i++) {
            yield `,"piece ${i}"`;
            await sleep(5);
          }
          yield ']';
        }
        const given = failureOf(connection.call('first', params(), { timeoutMs }));
        const second = failureOf(connection.call('second', ['[]'], { timeoutMs }));
        await until(() => text.includes('"second"') && text.endsWith('}'));
        peer?.write(PROBE);
        await until(() => text.endsWith(ANSWER));
        const documents: string[] = [];
        new Framer((document) => documents.push(document.toString()), 1 << 30).push(Buffer.from(text));
        expect(documents.map((document) => parseJson(document))).toMatchObject([
          { method: 'first' },
          { result: [] },
          { method: 'second' },
          { result: [] },
        ]);
        connection.close();
        await Promise.all([given, second]);
      });
    });
  });
});

describe('a reply that a sink takes over', () => {
  const REPLY = '{"id":1,"result":{"T":{"a":{}}},"error":null}';

  it('goes to it whole, wherever its beginning is cut', async () => {
    for (const cut of [1, 2, 6, 7, 8, 17, 18, 30]) {
      let isWaiting = true;
      await withPeer(
        (socket) => {
          socket.setNoDelay(true);
          socket.write(REPLY.slice(0, cut));
          // the rest comes when the first part is there
          const rest = setInterval(() => {
            if (isWaiting) return;
            clearInterval(rest);
            socket.write(`${REPLY.slice(cut)}{"id":2,"result":["next"],"error":null}`);
          }, 1);
        },
        async (remote) => {
          await using(await open(remote), async (connection) => {
            let taken = '';
            const sink = {
              push: (piece: Buffer): number | undefined => {
                const before = taken.length;
                taken += piece.toString();
                const end = taken.indexOf(',"error":null}');
                if (end < 0) return undefined;
                taken = taken.slice(0, end + 14);
                return taken.length - before;
              },
            };
            const reply = connection.stream('monitor_cond', [], sink, { timeoutMs });
            const next = connection.request('list_dbs', [], { timeoutMs });
            await until(() => connection.bytesHeard === cut);
            isWaiting = false;
            expect([cut, await reply, await next]).toEqual([cut, undefined, ['next']]);
            expect(taken).toBe('{"T":{"a":{}}},"error":null}');
          });
        },
      );
    }
  });
});

describe('limits of time', () => {
  it('end a request to a server that says nothing, and the connection goes on when it speaks again', async () => {
    await using(await open(), async (connection) => {
      server.pause();
      try {
        const error = await failureOf(connection.request('list_dbs', [], { timeoutMs: 200 }));
        expect(error).toBeInstanceOf(ConnectionError);
        expect(error.message).toBe(`${server.remote}: no answer to "list_dbs" within 200 ms`);
      } finally {
        server.resume();
      }
      expect(await connection.request('echo', ['again'], { timeoutMs })).toEqual(['again']);
    });
  });

  it('end a request that its caller gives up', async () => {
    await using(await open(), async (connection) => {
      const give = new AbortController();
      server.pause();
      try {
        const waiting = failureOf(connection.request('list_dbs', [], { timeoutMs, signal: give.signal }));
        give.abort();
        expect((await waiting).message).toMatch(/"list_dbs" was given up: nothing was heard for \d+\.\d s$/);
      } finally {
        server.resume();
      }
    });
  });

  it('end what was given up before it began', async () => {
    const signal = AbortSignal.abort();
    expect(
      (await failureOf(Connection.open(remoteOf(server.remote), { timeoutMs, signal, clock: systemClock }))).message,
    ).toBe(`${server.remote}: given up before it was tried`);
    await using(await open(), async (connection) => {
      const error = await failureOf(connection.request('list_dbs', [], { timeoutMs, signal }));
      expect(error.message).toBe(`${server.remote}: "list_dbs" was given up before it was sent`);
      expect(connection.isWaiting).toBe(false);
    });
  });

  it('end an attempt to connect', async () => {
    // an ssl: client waits for a greeting that this peer never sends
    await withPeer(
      () => undefined,
      async (remote) => {
        const tls = { privateKey: '', certificate: '', caCertificate: '' };
        const error = await failureOf(
          Connection.open(remoteOf(remote.replace('tcp:', 'ssl:')), { tls, timeoutMs: 200, clock: systemClock }),
        );
        expect(error.message).toContain('no connection within 200 ms');
      },
    );
  });
});

describe('a connection that ends', () => {
  it('fails what was waiting, names the remote, and says so to whoever watches', async () => {
    await using(await open(), async (connection) => {
      server.pause();
      const waiting = [
        failureOf(connection.request('list_dbs', [], { timeoutMs })),
        failureOf(connection.request('echo', [], { timeoutMs })),
      ];
      await server.kill('SIGKILL');
      for (const error of await Promise.all(waiting)) {
        expect(error).toBeInstanceOf(ConnectionError);
        expect(error.message).toContain(server.remote);
      }
      expect((await connection.closed).message).toContain(server.remote);
      expect(await failureOf(connection.request('echo', [], { timeoutMs }))).toBeInstanceOf(ConnectionError);
    });
    await server.start();
  });

  it('in the middle of a reply fails the request', async () => {
    await withPeer(
      (socket) => {
        socket.end('{"id":1,"result":["abc');
      },
      async (remote) => {
        await using(await open(remote), async (connection) => {
          expect((await failureOf(connection.request('list_dbs', [], { timeoutMs }))).message).toBe(
            `${remote}: closed the connection`,
          );
        });
      },
    );
  });

  it('here fails what was waiting', async () => {
    const connection = await open();
    const waiting = failureOf(connection.request('list_dbs', [], { timeoutMs }));
    connection.close();
    expect((await waiting).message).toMatch(/: "list_dbs" was given up: nothing was heard for \d+\.\d s$/);
    expect(await connection.closed).toBe(await waiting);
  });

  it('when the source of a request throws: half a request is never carried out', async () => {
    await using(await open(), async (connection) => {
      function* broken(): Generator<string> {
        yield `["${NORTHBOUND}",${insertOperation('Logical_Switch', A, '{"name":"half"}')}`;
        yield `,${commentOperation('x'.repeat(300_000))}`;
        throw new Error('the source broke');
      }
      expect((await failureOf(connection.call('transact', broken(), { timeoutMs }))).message).toBe('the source broke');
      expect((await connection.closed).message).toContain('could not be written');
    });
    await using(await open(), async (connection) => {
      expect(
        transactResults(
          await run(connection, '{"op":"select","table":"Logical_Switch","where":[["name","==","half"]]}'),
        ),
      ).toEqual([{ rows: [] }]);
    });
  });

  it.each([
    ['unix:/nonexistent/nb.sock', 'ENOENT'],
    ['tcp:127.0.0.1:1', 'ECONNREFUSED'],
  ])('was never made: %s', async (remote, reason) => {
    const error = await failureOf(open(remote));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toContain(remote);
    expect(error.message).toContain(reason);
  });
});

describe('a peer that is no ovsdb-server', () => {
  it.each([
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    '[1,2,3]',
    '}',
    '\u0000\u0001\u0002',
    '{"id":1,]}',
    '{"id":1,"result":}',
  ])('ends the connection with %j', async (garbage) => {
    await withPeer(
      (socket) => {
        socket.write(garbage);
      },
      async (remote) => {
        await using(await open(remote), async (connection) => {
          const error = await failureOf(connection.request('list_dbs', [], { timeoutMs: 5_000 }));
          expect(error.message).not.toContain('within');
          if (!garbage.startsWith('{"id":1,')) expect(error).toBeInstanceOf(ConnectionError);
        });
      },
    );
  });

  it('may answer what was not asked, notify of nonsense and take its time', async () => {
    const answer = (socket: Socket, text: string): void => {
      const { id } = parseJson(text) as { id: number };
      socket.write(
        '{"id":999,"result":1,"error":null}{"id":null,"method":"update","params":{}}{"method":"update9","params":[],"id":null}{"id":"x"}\n',
      );
      setTimeout(() => {
        for (const byte of Buffer.from(`{"result":["\u{1f600}"],"error":null,"id":${String(id)}}`))
          socket.write(Buffer.of(byte));
      }, 20);
    };
    await withPeer(answer, async (remote) => {
      await using(await open(remote), async (connection) => {
        expect(await connection.request('list_dbs', [], { timeoutMs: 5_000 })).toEqual(['\u{1f600}']);
      });
    });
  });

  it('gets its echo answered with the same id and params', async () => {
    const heard: string[] = [];
    const probe = '{"method":"echo","params":["are you there"],"id":"echo"}';
    await withPeer(
      (socket, text) => {
        heard.push(text);
        if (heard.length === 1) socket.write(probe);
        else socket.write('{"id":1,"result":true,"error":null}');
      },
      async (remote) => {
        await using(await open(remote), async (connection) => {
          await connection.request('list_dbs', [], { timeoutMs: 5_000 });
          expect(parseJson(heard[1] ?? '')).toEqual({ id: 'echo', result: ['are you there'], error: null });
        });
      },
    );
  });
});

describe('the probes of a real server', () => {
  it('are answered, so that an idle connection stays', async () => {
    await transact(server.remote, [
      { op: 'delete', table: 'NB_Global', where: [] },
      {
        op: 'insert',
        table: 'Connection',
        'uuid-name': 'c',
        row: { target: 'ptcp:0:127.0.0.1', inactivity_probe: 1_000 },
      },
      { op: 'insert', table: 'NB_Global', row: { connections: ['named-uuid', 'c'] } },
    ]);
    const appctl = promisify(execFile);
    await appctl(
      'ovs-appctl',
      ['-t', join(server.folder, 'server.ctl'), 'ovsdb-server/add-remote', `db:${NORTHBOUND},NB_Global,connections`],
      { env: environment() },
    );
    const port = async (): Promise<string> => /listening on port (\d+)/.exec(await server.logText())?.[1] ?? '';
    for (let i = 0; i < 100 && (await port()) === ''; i++) await sleep(20);
    await using(await open(`tcp:127.0.0.1:${await port()}`), async (connection) => {
      await sleep(3_500);
      expect(await connection.request('echo', ['here'], { timeoutMs })).toEqual(['here']);
    });
  });
});
