/**
 * The token of the header editor. GraphiQL has one header editor per tab; the token given in one of them is used in
 * all, and is kept in memory only: a reload forgets it. The server is asked whose it is, so that the page can say so.
 */

/** What the header editor of a new tab holds. */
export const HEADERS_TEMPLATE = '{\n  "Authorization": "Bearer "\n}';

export const TOKEN_HINT =
  'No token yet. Open "Headers" at the bottom of the editor and complete {"Authorization": "Bearer <token>"}. ' +
  'The server prints where the admin token is when it starts.';

/** What the server answered to: whose token is this? */
export type Viewer = { readonly subject: string; readonly permissions: readonly string[] };

export type TokenState =
  | { readonly kind: 'NONE' }
  | { readonly kind: 'CHECKING'; readonly authorization: string }
  | { readonly kind: 'ACCEPTED'; readonly authorization: string; readonly viewer: Viewer }
  | { readonly kind: 'REFUSED'; readonly authorization: string; readonly reason: string };

/** Somebody who types a token pauses for less. */
const TYPING_MS = 600;

/** The Authorization of a tab's headers, or undefined where it has no token. */
function authorizationIn(headers: Readonly<Record<string, unknown>>): string | undefined {
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'authorization');
  const value = name === undefined ? undefined : headers[name];
  return typeof value === 'string' && /^bearer\s+\S+$/i.test(value.trim()) ? value.trim() : undefined;
}

export class Token {
  private state: TokenState = { kind: 'NONE' };
  private typing: number | undefined;
  private readonly listeners = new Set<() => void>();

  /** @param whose asks the server; throws what is to be shown */
  constructor(private readonly whose: (authorization: string) => Promise<Viewer>) {}

  readonly current = (): TokenState => this.state;

  readonly listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The Authorization to send with these headers: their own, or the last one given in any tab. */
  sentWith(headers: Readonly<Record<string, unknown>> | undefined): string | undefined {
    const own = authorizationIn(headers ?? {});
    if (own !== undefined) this.take(own);
    return this.state.kind === 'NONE' ? undefined : this.state.authorization;
  }

  /** Takes the token out of the header editor's text, once nobody types there any more. */
  edited(text: string): void {
    window.clearTimeout(this.typing);
    this.typing = window.setTimeout(() => {
      try {
        const headers: unknown = JSON.parse(text);
        if (typeof headers === 'object' && headers !== null) this.sentWith(headers as Record<string, unknown>);
      } catch {
        // half of a text is no JSON: the next keystroke tries again
      }
    }, TYPING_MS);
  }

  private take(authorization: string): void {
    const { state } = this;
    // what was refused is asked for again: the server may have been away
    const isAnother = state.kind === 'NONE' || state.kind === 'REFUSED' || state.authorization !== authorization;
    if (!isAnother) return;
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
