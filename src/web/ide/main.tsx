/** The GraphQL IDE at /graphql: GraphiQL, the demo's operations as first tabs, a header editor for the token. */
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './ide.css';
import { useGraphiQLActions } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import type { ReactElement } from 'react';
import { useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import backUp from '../../../schema/operations/demo-1-back-up.graphql?raw';
import breakAndRestore from '../../../schema/operations/demo-2-break-and-restore.graphql?raw';
import watch from '../../../schema/operations/demo-3-watch.graphql?raw';
import { fetcher } from './fetcher.js';
import { authorizationInText, HEADERS_TEMPLATE } from './token.js';

const TABS = [backUp, breakAndRestore, watch].map((query) => ({ query, headers: HEADERS_TEMPLATE }));
const TOKEN_EVENT = 'ide-token';

/**
 * Operations and variables may hold encryption keys, so they live in the session's storage, which
 * goes with the browser tab. Headers are never stored: a reloaded tab gets the template again.
 */
function sessionTabs(): Storage {
  const key = 'graphiql:tabState';
  const stored = window.sessionStorage.getItem(key);
  if (stored !== null) {
    window.sessionStorage.setItem(
      key,
      stored.replaceAll('"headers":null', `"headers":${JSON.stringify(HEADERS_TEMPLATE)}`),
    );
  }
  return window.sessionStorage;
}

/** Loads the schema as soon as there is a token to load it with. */
function SchemaOnToken(): null {
  // a bound function of GraphiQL's store
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const { introspect } = useGraphiQLActions();
  useEffect(() => {
    let timer: number | undefined;
    const load = (): void => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void introspect(), 400);
    };
    window.addEventListener(TOKEN_EVENT, load);
    return () => {
      window.clearTimeout(timer);
      window.removeEventListener(TOKEN_EVENT, load);
    };
  }, [introspect]);
  return null;
}

function onEditHeaders(text: string): void {
  if (authorizationInText(text) !== undefined) window.dispatchEvent(new Event(TOKEN_EVENT));
}

function Ide(): ReactElement {
  return (
    <GraphiQL
      fetcher={fetcher}
      storage={sessionTabs()}
      plugins={[]}
      defaultTabs={TABS}
      defaultHeaders={HEADERS_TEMPLATE}
      defaultEditorToolsVisibility="headers"
      shouldPersistHeaders={false}
      onEditHeaders={onEditHeaders}
    >
      <GraphiQL.Logo>
        <span className="ide-title">OVN backup &amp; restore</span>
      </GraphiQL.Logo>
      <GraphiQL.Footer>
        <p className="ide-hint">
          Put your token into <strong>Headers</strong>: <code>{'{"Authorization": "Bearer <token>"}'}</code>. It is used
          in every tab and forgotten on reload. <kbd>Ctrl</kbd>+<kbd>Enter</kbd> runs the operation.
        </p>
        <SchemaOnToken />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}

const root = document.getElementById('ide');
if (root === null) throw new Error('The page has no element with the id "ide"');
createRoot(root).render(<Ide />);
