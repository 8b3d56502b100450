/**
 * Mistakes that people make, and what each message must tell them: what is wrong (the value or the name that they
 * gave), where (the field, variable, file, line or header), and what to do. All in the words of the face that they use.
 */
import { type ApiClient, tokenWith } from '../clients/api-client.js';
import { RestClient } from '../clients/rest-client.js';
import type { TestApi } from '../servers/api-server.js';

/** A text that is there, or a pattern that fits. */
export type Told = string | RegExp;

export interface Mistake {
  /** What somebody does. */
  readonly who: string;
  readonly what: Told;
  readonly where: Told;
  readonly todo: Told;
}

/** A mistake, and what somebody reads who makes it. */
export interface Made extends Mistake {
  readonly read: (world: World) => Promise<string>;
}

/** The one server that all of them are made at. */
export interface World {
  readonly api: TestApi;
  readonly admin: ApiClient;
  /** Has no right but to read. */
  readonly viewer: ApiClient;
  readonly rest: RestClient;
  /** Of a router "edge" and a switch "web", not encrypted. */
  readonly backupId: string;
  readonly encryptedId: string;
  /** Of a dry run, which has ended. */
  readonly restoreId: string;
}

export const PASSPHRASE = 'a passphrase of twenty-nine c';

export async function worldOf(api: TestApi): Promise<World> {
  const rest = RestClient.of(api.admin);
  const made = async (body: object): Promise<string> =>
    ((await rest.post('/api/v1/backups', body)).body['backup'] as { readonly id: string }).id;
  const backupId = await made({ name: 'kept' });
  const { body } = await rest.post(`/api/v1/backups/${backupId}/restore`, { dry_run: true });
  return {
    api,
    admin: api.admin,
    viewer: await api.as('backups:read'),
    rest,
    backupId,
    encryptedId: await made({ name: 'secret', encrypt: true, encryption_key: PASSPHRASE }),
    restoreId: String(body['restore_id']),
  };
}

/** A token of somebody who may do this, for a request that is made by hand. */
export async function bearer(...permissions: readonly string[]): Promise<string> {
  return `Bearer ${await tokenWith(...permissions)}`;
}

/** What an answer of REST says is wrong. @throws Error as checkProblems does */
export function textOfRest({ error, code, problems }: Readonly<Record<string, unknown>>): string {
  const text = String(error);
  checkProblems(text, code, problems);
  return text;
}

/** As each member that is wrong is told: name: what is wrong with it. */
const MEMBER_FAULT = /(?:^|; )(?:"[^"]+"|Variable "[^"]+"|[\w.[\]]+): /g;

/**
 * docs/errors.md: `problems`, where it is there, lists everything that is wrong, and the text says the same; where it
 * is not there, one thing is wrong.
 * @throws Error when it is otherwise
 */
export function checkProblems(text: string, code: unknown, problems: unknown): void {
  const fault = (what: string): Error => new Error(`${what}: ${text} ${JSON.stringify(problems)}`);
  const listed = problems === undefined ? 1 : Array.isArray(problems) ? problems.length : 0;
  if ((text.match(MEMBER_FAULT) ?? []).length > listed) throw fault('more is wrong than problems lists');
  if (problems === undefined) return;
  if (!Array.isArray(problems) || problems.length === 0) throw fault('problems is no list, or an empty one');
  const list = problems as readonly { readonly code?: unknown; readonly message?: unknown }[];
  const [first] = list;
  if (first?.code !== code) throw fault(`the first problem has another code than ${String(code)}`);
  const untold = list.filter(({ message }) => typeof message !== 'string' || !text.includes(message));
  const others = Number(/\band (\d+) more/i.exec(text)?.[1] ?? 0);
  if ((untold.length > 0 && untold[0] === first) || untold.length !== others)
    throw fault('the text does not say the same as the problems');
}

/** Of a program: a stack, a file of its source, or an error's class. */
const STACK =
  /^\s+at .+[:(]|node_modules|\.[cm]?[jt]s:\d+|\b(?:Type|Reference|Range|Syntax|Zod|Assertion|GraphQL)Error\b/m;

/** What is missing in a message, or should not be there; nothing when it is as it must be. */
export function faultsOf(text: string, { what, where, todo }: Mistake, foreign: RegExp): readonly string[] {
  const faults: string[] = [];
  for (const [name, told] of Object.entries({ what, where, todo }))
    if (!(typeof told === 'string' ? text.includes(told) : told.test(text)))
      faults.push(`lacks ${name}: ${String(told)}`);
  const stack = STACK.exec(text)?.[0];
  if (stack !== undefined) faults.push(`has something of a program: ${stack}`);
  const word = foreign.exec(text)?.[0];
  if (word !== undefined) faults.push(`has a word of another face: ${word}`);
  return faults;
}
