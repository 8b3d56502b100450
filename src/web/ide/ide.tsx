/**
 * The GraphQL IDE at /graphql: GraphiQL, tabs with operations to begin with, a header editor for the token, and a line
 * that says whether the token was accepted.
 */
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './ide.css';
import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { type ReactElement, useEffect, useLayoutEffect, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { askForViewer, fetcherWith } from './fetcher.js';
import { Runs, type Stage } from './runs.js';
import { HEADERS_TEMPLATE, TOKEN_HINT, Token, type TokenState, UNREADABLE_HINT, type Viewer } from './token.js';
import { instead } from './variables-hint.js';

/** What a tab holds at first. */
export interface FirstTab {
  readonly query: string;
  readonly variables?: string;
}

/** For an operation about a backup. */
export const BACKUP_VARIABLES = '{\n  "backupId": ""\n}';

const TABS_KEY = 'graphiql:tabState';
const PAGE_KEY = 'ide-page';

/** How hints about the token begin: ours, and GraphiQL's where the headers are no JSON. */
const HINTS = [TOKEN_HINT.slice(0, 12), UNREADABLE_HINT.slice(0, 12), 'Request not sent. Request headers'];

const token = new Token(askForViewer);
/** GraphiQL's own, once it is there. */
let stage: Stage | undefined;
const runs = new Runs({ stop: () => stage?.stop(), run: () => stage?.run() });
const fetcher = fetcherWith(token, runs);

/**
 * Operations and variables may hold encryption keys, so they live in the session's storage, which
 * goes with the browser tab. Headers are never stored: a reloaded tab gets the template again.
 * @param page the tabs of another page, served at the same address before, are forgotten
 */
function sessionTabs(page: string): Storage {
  const { sessionStorage } = window;
  if (sessionStorage.getItem(PAGE_KEY) !== page) sessionStorage.removeItem(TABS_KEY);
  sessionStorage.setItem(PAGE_KEY, page);
  const stored = sessionStorage.getItem(TABS_KEY);
  if (stored !== null)
    sessionStorage.setItem(
      TABS_KEY,
      stored.replaceAll('"headers":null', `"headers":${JSON.stringify(HEADERS_TEMPLATE)}`),
    );
  return sessionStorage;
}

/**
 * Lets what runs go on in every tab, shows the token in every tab, and folds lines that are too long for the window.
 */
function Behind(): null {
  const actions = useGraphiQLActions();
  const tabs = useGraphiQL((state) => state.tabs);
  const front = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id ?? '');
  const { queryEditor, variableEditor, headerEditor, responseEditor } = useGraphiQL(
    pick('queryEditor', 'variableEditor', 'headerEditor', 'responseEditor'),
  );
  const authorization = useSyncExternalStore(token.listen, () => token.authorization);
  // before anything that comes back with its tab is run again
  useLayoutEffect(() => {
    const text = headerEditor?.getValue() ?? '';
    const headers = token.headersFor(text);
    if (headers !== text) headerEditor?.setValue(headers);
  }, [headerEditor, front, authorization]);
  useEffect(() => {
    stage = actions;
  }, [actions]);
  useEffect(() => {
    runs.tabsAre(
      tabs.map(({ id }) => id),
      front,
    );
  }, [tabs, front]);
  useEffect(() => {
    for (const editor of [queryEditor, variableEditor, headerEditor]) editor?.updateOptions({ wordWrap: 'on' });
  }, [queryEditor, variableEditor, headerEditor]);
  // GraphiQL says of variables that are no object only that they are none
  useEffect(() => {
    const watched = responseEditor?.onDidChangeModelContent(() => {
      const told = instead(responseEditor.getValue(), queryEditor?.getValue() ?? '', variableEditor?.getValue() ?? '');
      if (told !== undefined) responseEditor.setValue(told);
    });
    return () => watched?.dispose();
  }, [responseEditor, queryEditor, variableEditor]);
  return null;
}

function permissionsOf({ permissions }: Viewer): string {
  return permissions.includes('admin') ? 'all permissions' : permissions.join(', ') || 'no permissions';
}

/** Says whether there is a token, and whose; takes the hint away once there is one. */
function TokenLine({ state }: { readonly state: TokenState }): ReactElement {
  const responseEditor = useGraphiQL(({ responseEditor }) => responseEditor);
  const front = useGraphiQL(({ activeTabIndex }) => activeTabIndex);
  useEffect(() => {
    if (state.kind !== 'ACCEPTED') return;
    const shown = responseEditor?.getValue() ?? '';
    if (HINTS.some((hint) => shown.includes(hint))) responseEditor?.setValue('');
  }, [state, responseEditor, front]);
  switch (state.kind) {
    case 'NONE':
      return (
        <p className="ide-line">
          Put your token into <strong>Headers</strong>: <code>{'{"Authorization": "Bearer <token>"}'}</code>
        </p>
      );
    case 'UNREADABLE':
      return <p className="ide-line ide-refused">✗ {UNREADABLE_HINT}</p>;
    case 'CHECKING':
      return <p className="ide-line">Asking the server whose token this is …</p>;
    case 'ACCEPTED':
      return (
        <p className="ide-line ide-accepted">
          ✓ Token accepted: you are <strong>{state.viewer.subject}</strong>, with {permissionsOf(state.viewer)}. It is
          used in every tab, and forgotten on reload.
        </p>
      );
    case 'REFUSED':
      return <p className="ide-line ide-refused">✗ {state.reason}</p>;
  }
}

interface IdeProps {
  readonly storage: Storage;
  readonly tabs: readonly FirstTab[];
}

function Ide({ storage, tabs }: IdeProps): ReactElement {
  const state = useSyncExternalStore(token.listen, token.current);
  return (
    <GraphiQL
      className={state.kind === 'ACCEPTED' ? '' : 'ide-without-schema'}
      fetcher={fetcher}
      // null: no schema, and none is asked for
      schema={state.kind === 'ACCEPTED' ? undefined : null}
      storage={storage}
      plugins={[]}
      defaultTabs={tabs.map((tab) => ({ ...tab, headers: HEADERS_TEMPLATE }))}
      defaultHeaders={HEADERS_TEMPLATE}
      defaultEditorToolsVisibility="headers"
      shouldPersistHeaders={false}
      onEditHeaders={(text) => token.edited(text)}
      onTabChange={({ tabs, activeTabIndex }) =>
        runs.tabsAre(
          tabs.map(({ id }) => id),
          tabs[activeTabIndex]?.id ?? '',
        )
      }
    >
      <GraphiQL.Logo>
        <span className="ide-title">OVN backup &amp; restore</span>
      </GraphiQL.Logo>
      <GraphiQL.Footer>
        <TokenLine state={state} />
        <Behind />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}

/** Shows the IDE with these tabs, unless the browser still has those of the same page. */
export function showIde(page: string, tabs: readonly FirstTab[]): void {
  const root = document.getElementById('ide');
  if (root === null) throw new Error('The page has no element with the id "ide"');
  createRoot(root).render(<Ide storage={sessionTabs(page)} tabs={tabs} />);
}
