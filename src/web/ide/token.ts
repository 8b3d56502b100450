/**
 * The token of the header editor. GraphiQL has one header editor per tab; the token given in one of them is shown and
 * used in all, and is kept in memory only: a reload forgets it. The server is asked whose it is, so that the page can
 * say so.
 */
import { parseJSONC } from '@graphiql/react';

/** What the header editor of a new tab holds. */
export const HEADERS_TEMPLATE = '{\n  "Authorization": "Bearer "\n}';

export const TOKEN_HINT =
  'No token yet. Open "Headers" at the bottom of the editor and complete {"Authorization": "Bearer <token>"}. ' +
  'The server prints where the admin token is when it starts.';

/** Said of headers that are neither empty nor have a token. */
export const UNREADABLE_HINT = 'This is no token: write {"Authorization": "Bearer <token>"} into "Headers"';

/** What the server answered to: whose token is this? */
export type Viewer = { readonly subject: string; readonly permissions: readonly string[] };

export type TokenState =
  | { readonly kind: 'NONE' }
  | { readonly kind: 'UNREADABLE' }
  | { readonly kind: 'CHECKING'; readonly authorization: string }
  | { readonly kind: 'ACCEPTED'; readonly authorization: string; readonly viewer: Viewer }
  | { readonly kind: 'REFUSED'; readonly authorization: string; readonly reason: string };

/** Somebody who types a token pauses for less. */
const TYPING_MS = 600;

/** What a tab's headers say: a token, none (as the template does), or nothing readable. */
type Told =
  | { readonly kind: 'GIVEN'; readonly authorization: string }
  | { readonly kind: 'NONE' }
  | { readonly kind: 'UNREADABLE' };

function toldBy(headers: unknown): Told {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return { kind: 'UNREADABLE' };
  const entries = Object.entries(headers) as readonly (readonly [string, unknown])[];
  if (entries.length === 0) return { kind: 'NONE' };
  const value = entries.find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  if (typeof value !== 'string') return { kind: 'UNREADABLE' };
  const authorization = value.trim();
  if (/^(?:bearer)?$/i.test(authorization)) return { kind: 'NONE' };
  return /^bearer\s+\S+$/i.test(authorization) ? { kind: 'GIVEN', authorization } : { kind: 'UNREADABLE' };
}

/** As GraphiQL reads headers: with comments, and commas at the end. */
function parsed(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return parseJSONC(text);
  } catch {
    return undefined;
  }
}

export class Token {
  private state: TokenState = { kind: 'NONE' };
  private typing: number | undefined;
  private readonly listeners = new Set<() => void>();
  /** What header editors were given by this page. Nobody has written it, so it may be replaced. */
  private readonly filledIn = new Set([HEADERS_TEMPLATE]);

  /** @param whose asks the server; throws what is to be shown */
  constructor(private readonly whose: (authorization: string) => Promise<Viewer>) {}

  readonly current = (): TokenState => this.state;

  readonly listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The Authorization that was last given in any tab, or undefined where there is none. */
  get authorization(): string | undefined {
    return 'authorization' in this.state ? this.state.authorization : undefined;
  }

  /** Takes what a tab's headers say: their own token, or that none is to be sent. */
  told(headers: unknown): void {
    const told = toldBy(headers);
    if (told.kind === 'GIVEN') this.take(told.authorization);
    else if (this.state.kind !== told.kind) this.change(told);
  }

  /** What a header editor with this text is to show: the token of all tabs, unless somebody has written there. */
  headersFor(text: string): string {
    if (!this.filledIn.has(text)) return text;
    const { authorization } = this;
    if (authorization === undefined) return HEADERS_TEMPLATE;
    const headers = JSON.stringify({ Authorization: authorization }, null, 2);
    this.filledIn.add(headers);
    return headers;
  }

  /** Takes what the header editor's text says, once nobody types there any more. */
  edited(text: string): void {
    window.clearTimeout(this.typing);
    this.typing = window.setTimeout(() => this.told(parsed(text)), TYPING_MS);
  }

  private take(authorization: string): void {
    const { state } = this;
    // what was refused is asked for again: the server may have been away
    if (state.kind !== 'REFUSED' && this.authorization === authorization) return;
    this.change({ kind: 'CHECKING', authorization });
    this.whose(authorization).then(
      (viewer) => this.answered({ kind: 'ACCEPTED', authorization, viewer }),
      (error: unknown) =>
        this.answered({ kind: 'REFUSED', authorization, reason: error instanceof Error ? error.message : '' }),
    );
  }

  /** Of a token that was replaced meanwhile nobody wants to know. */
  private answered(state: TokenState & { readonly authorization: string }): void {
    if (this.state.kind === 'CHECKING' && this.state.authorization === state.authorization) this.change(state);
  }

  private change(state: TokenState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}
