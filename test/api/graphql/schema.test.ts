/** What is generated and committed is in step with the code: the schema, the operations and the typed client. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildSchema, Kind, parse, print, validate, visit } from 'graphql';
import { schemaText } from '../../../src/api/graphql/schema.js';

const path = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const read = (name: string): string => readFileSync(path(name), 'utf8');
const filesIn = (folder: string): readonly string[] => readdirSync(path(folder)).map((name) => `${folder}/${name}`);
const OPERATIONS = filesIn('schema/operations');

describe('schema/schema.graphql', () => {
  it('is what the resolvers say (npm run schema writes it)', () => {
    expect(read('schema/schema.graphql')).toBe(schemaText());
  });
});

describe('schema/operations', () => {
  it('are valid operations of the schema', () => {
    const schema = buildSchema(read('schema/schema.graphql'));
    expect(validate(schema, parse(OPERATIONS.map(read).join('\n')))).toEqual([]);
  });

  it('use every query, mutation and subscription that there is', () => {
    const schema = buildSchema(read('schema/schema.graphql'));
    const used = new Set<string>();
    for (const name of OPERATIONS) {
      visit(parse(read(name)), {
        OperationDefinition: (node) => {
          for (const field of node.selectionSet.selections)
            if (field.kind === 'Field') used.add(`${node.operation} ${field.name.value}`);
        },
      });
    }
    const there = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}).map((field) => `${String(type?.name).toLowerCase()} ${field}`),
    );
    expect([...used].sort()).toEqual(there.sort());
  });
});

describe("schema/tabs, what the IDE's tabs hold", () => {
  const tabs = filesIn('schema/tabs');

  it.each(tabs)('%s is valid, and has no line that is cut in a window of 1,280 pixels', (name) => {
    const text = read(name);
    expect(validate(buildSchema(read('schema/schema.graphql')), parse(text))).toEqual([]);
    expect(text.split('\n').filter((line) => line.length > 48)).toEqual([]);
  });

  it('change nothing, outside of the demo', () => {
    const mutations = tabs
      .filter((name) => !name.startsWith('schema/tabs/demo-'))
      .flatMap((name) => parse(read(name)).definitions)
      .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION && definition.operation === 'mutation')
      .map((definition) => print(definition));
    expect(mutations).toHaveLength(1);
    expect(mutations[0]).toMatch(/restoreBackup\([^)]*dryRun: true/);
  });
});

describe('the generated client', () => {
  it('is what codegen makes of them now (npm run schema writes it)', async () => {
    // --check writes nothing, and ends with 1 where a file would change
    await promisify(execFile)(
      process.execPath,
      [path('node_modules/@graphql-codegen/cli/esm/bin.js'), '--config', 'codegen.yml', '--check'],
      { cwd: path(''), env: { ...process.env, NODE_OPTIONS: '' } },
    );
  });
});
