/** What to write into "Variables": an object with the name of each variable, and not an id by itself. */
import { getOperationAST, type OperationDefinitionNode, parse } from 'graphql';

/** How GraphiQL's own message begins where the variables are no JSON object. */
const NOT_SENT = 'Request not sent. Variables ';
const UUID = /^"?([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})"?$/i;

/** Variables with their names, as they are written there. @param value of the first one */
export function exampleOf(names: readonly string[], value = '…'): string {
  return `{${names.map((name, at) => `"${name}": "${at === 0 ? value : '…'}"`).join(', ')}}`;
}

/**
 * The answer that is shown instead of GraphiQL's, where that says that the variables are no JSON object.
 * @param shown in the place of an answer
 */
export function instead(shown: string, query: string, variables: string): string | undefined {
  if (!shown.includes(NOT_SENT)) return undefined;
  const given = variables.trim();
  const example = exampleOf(namesIn(query), UUID.exec(given)?.[1]);
  const what = given.startsWith('{')
    ? `"Variables" is not valid JSON (${detailOf(shown)}). Write it like ${example}`
    : `"Variables" has a value without its name. Write ${example}`;
  return JSON.stringify({ errors: [{ message: `Request not sent: ${what}` }] }, null, 2);
}

/** Where GraphiQL says that it is broken. */
function detailOf(shown: string): string {
  return /are invalid JSON: ([^"\\]*?)\.?"/.exec(shown)?.[1] ?? 'it is no object';
}

/** The variables of the only operation, or of a usual one. */
function namesIn(query: string): readonly string[] {
  const names = (operationIn(query)?.variableDefinitions ?? []).map(({ variable }) => variable.name.value);
  return names.length === 0 ? ['backupId'] : names;
}

function operationIn(query: string): OperationDefinitionNode | undefined {
  try {
    const document = parse(query);
    const [first] = document.definitions;
    return getOperationAST(document) ?? (first?.kind === 'OperationDefinition' ? first : undefined);
  } catch {
    // the server says what is wrong with the text
    return undefined;
  }
}
