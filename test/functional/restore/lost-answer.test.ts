/**
 * The answer to a restore is lost, and the database does not stand still: what became of the restore is judged by what
 * only it can have done, not by what others have written since.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBackupDocument,
  GetRestoreDocument,
  RestoreBackupDocument,
  UndoRestoreDocument,
} from '../../support/clients/generated/graphql.js';
import { startApiServer, type TestApi } from '../../support/servers/api-server.js';
import { Door } from '../../support/servers/door.js';
import { nbctl, startOvsdbServer, type TestServer } from '../../support/servers/ovsdb-server.js';
import { until } from '../../support/until.js';

/** A restore's request, as the door sees it. */
interface Request {
  /** Hands it to the database. @returns the answer */
  carryOut(): Promise<string>;
  passOn(answer: string): void;
  /** The client's connection breaks, the database's does not. */
  cutOff(): void;
}

/** What becomes of the restores that come, one after the other; the others pass. */
const requests: ((request: Request) => Promise<void>)[] = [];

function openDoor(path: string, target: string): Promise<Door> {
  /** Gets the answer that is waited for: the first message that is no news of changes. */
  let answered: ((text: string) => void) | undefined;
  return Door.open(path, target, {
    onAsked: (text, way) => {
      const handle = text.includes('ovncp: restore') ? requests.shift() : undefined;
      if (handle === undefined) way.ask(text);
      else
        void handle({
          carryOut: () => {
            way.ask(text);
            return new Promise((resolve) => {
              answered = resolve;
            });
          },
          passOn: (answer) => way.answer(answer),
          cutOff: () => way.cutOff(),
        });
    },
    onAnswered: (text, way) => {
      if (answered === undefined || text.includes('"method"')) way.answer(text);
      else {
        answered(text);
        answered = undefined;
      }
    },
  });
}

let folder: string;
let database: TestServer;
let door: Door;
let api: TestApi;

const nb = async (...words: readonly string[]): Promise<string> => (await nbctl(database.remote, ...words)).trim();
const port = (column: string): Promise<string> => nb('--bare', 'get', 'Logical_Switch_Port', 'vm1', column);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovncp-door-'));
  database = await startOvsdbServer();
  requests.length = 0;
  door = await openDoor(join(folder, 'door.sock'), database.unixRemote);
  api = await startApiServer({ env: { OVN_NB_DB: door.remote } });
});
afterEach(async () => {
  await api.stop();
  await door[Symbol.asyncDispose]();
  await database.stop();
  await rm(folder, { recursive: true, force: true });
});

async function backUp(): Promise<string> {
  return (await api.admin.run(CreateBackupDocument, { input: { name: 'b' } })).createBackup.id;
}

async function restore(backupId: string, input: { readonly exact?: boolean } = {}): Promise<string> {
  const restored = { backupId, conflictPolicy: 'OVERWRITE' as const, confirmWithinSeconds: 3_600, ...input };
  const { restoreBackup } = await api.admin.run(RestoreBackupDocument, { input: restored });
  expect(restoreBackup).toMatchObject({ phase: 'AWAITING_CONFIRMATION', result: { success: true } });
  return restoreBackup.id;
}

async function undo(id: string): Promise<void> {
  const { undoRestore } = await api.admin.run(UndoRestoreDocument, { id, force: true });
  expect(undoRestore.result).toMatchObject({ success: true });
  expect((await api.admin.run(GetRestoreDocument, { id })).restore?.phase).toBe('UNDONE');
}

it('a column that somebody writes over since does not make a committed restore look like none', async () => {
  await nb('ls-add', 'net', '--', 'lsp-add', 'net', 'vm1', '--', 'lsp-set-type', 'vm1', 'localport');
  await nb('lsp-set-addresses', 'vm1', 'unknown', '--', 'set', 'Logical_Switch_Port', 'vm1', 'enabled=true');
  const backupId = await backUp();
  await nb('lsp-set-type', 'vm1', 'virtual', '--', 'set', 'Logical_Switch_Port', 'vm1', 'enabled=false');
  await nb('lsp-set-addresses', 'vm1', 'router');
  requests.push(async ({ carryOut, cutOff }) => {
    await carryOut();
    await nb('set', 'Logical_Switch_Port', 'vm1', 'enabled=[]');
    cutOff();
  });
  const id = await restore(backupId);
  expect([await port('type'), await port('addresses'), await port('enabled')]).toEqual([
    'localport',
    '[unknown]',
    '[]',
  ]);
  await undo(id);
  expect([await port('type'), await port('addresses'), await port('enabled')]).toEqual([
    'virtual',
    '[router]',
    'false',
  ]);
});

it('a row that came back speaks for a restore, whatever others have undone of it since', async () => {
  const ones = ['one', 'two', 'three'];
  await nb('ls-add', 'net', '--', 'lsp-add', 'net', 'vm1');
  for (const name of ones) await nb('ls-add', name, '--', 'set', 'Logical_Switch', name, 'other_config:x=1');
  const backupId = await backUp();
  const repair = (): Promise<unknown> =>
    Promise.all(ones.map((name) => nb('set', 'Logical_Switch', name, 'other_config:x=2')));
  await nb('lsp-del', 'vm1');
  await repair();
  requests.push(async ({ carryOut, cutOff }) => {
    await carryOut();
    await repair();
    cutOff();
  });
  const id = await restore(backupId);
  expect([await nb('lsp-list', 'net'), await nb('get', 'Logical_Switch', 'two', 'other_config:x')]).toEqual([
    expect.stringMatching(/vm1/),
    '"2"',
  ]);
  await undo(id);
  expect(await nb('lsp-list', 'net')).toBe('');
});

it('a restore that arrives late, after another plan was made, is found, and can be undone', async () => {
  await nb('ls-add', 'net', '--', 'lsp-add', 'net', 'vm1');
  const backupId = await backUp();
  await nb('lsp-del', 'vm1', '--', 'ls-add', 'made-since');
  let arrive = (): Promise<string> => Promise.resolve('');
  requests.push(
    async ({ carryOut, cutOff }) => {
      arrive = carryOut;
      cutOff();
    },
    async ({ carryOut, passOn }) => {
      await arrive();
      passOn(await carryOut());
    },
  );
  const id = await restore(backupId, { exact: true });
  expect(await nb('lsp-list', 'net')).toMatch(/vm1/);
  const { restore: found } = await api.admin.run(GetRestoreDocument, { id });
  // the port, the switch that holds it, and the one that goes
  expect(found?.result).toMatchObject({ restoredCount: 2, deletedCount: 1 });
  await undo(id);
  expect([await nb('lsp-list', 'net'), await nb('ls-list')]).toEqual(['', expect.stringMatching(/made-since/)]);
  await until(() => requests.length === 0);
});
