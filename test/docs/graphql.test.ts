import { buildSchema, type DocumentNode, Kind, parse, validate } from 'graphql';
import { Page, pages, textOf } from './page.js';

const schema = buildSchema(textOf('schema/schema.graphql'));

/** Each operation as a document of its own, as whoever copies it sends it. */
function operationsIn(text: string): readonly DocumentNode[] {
  return parse(text).definitions.map((definition) => ({ kind: Kind.DOCUMENT, definitions: [definition] }));
}

/** Of graphql fences, of curl's JSON and forms, and of programs. */
function textsOf(page: Page): readonly string[] {
  return page.fences.flatMap(({ language, text }) => {
    if (language === 'graphql') return [text];
    if (language === 'bash')
      return [...text.matchAll(/'(\{"query":.*?\})'/gs)].map(
        ([, json = '']) => (JSON.parse(json) as { query: string }).query,
      );
    if (language === 'js') return [...text.matchAll(/query = '([^']*)'/g)].map(([, query = '']) => query);
    return [];
  });
}

describe.each(pages().map((page) => ({ page, name: page.name })))('$name', ({ page }) => {
  it('has GraphQL operations that fit the schema', () => {
    const faults = textsOf(page)
      .flatMap(operationsIn)
      .flatMap((document) => validate(schema, document).map(({ message }) => message));
    expect(faults).toEqual([]);
  });
});

it('looks at operations in fences, in curl and in programs', () => {
  expect(textsOf(new Page('docs/graphql.md')).length).toBeGreaterThan(5);
  expect(textsOf(new Page('docs/javascript-client.md'))).toHaveLength(2);
});
