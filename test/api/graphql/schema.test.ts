/** What is generated and committed is in step with the code: the schema, the operations and the typed client. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildSchema, parse, validate, visit } from 'graphql';
import { schemaText } from '../../../src/api/graphql/schema.js';

const path = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const read = (name: string): string => readFileSync(path(name), 'utf8');
const OPERATIONS = readdirSync(path('schema/operations')).filter((name) => name.endsWith('.graphql'));

describe('schema/schema.graphql', () => {
  it('is what the resolvers say (npm run schema writes it)', () => {
    expect(read('schema/schema.graphql')).toBe(schemaText());
  });
});

describe('schema/operations', () => {
  const ours = OPERATIONS.filter((name) => !name.startsWith('demo-'));

  it('are valid operations of the schema', () => {
    const schema = buildSchema(read('schema/schema.graphql'));
    expect(validate(schema, parse(ours.map((name) => read(`schema/operations/${name}`)).join('\n')))).toEqual([]);
    for (const name of OPERATIONS.filter((name) => name.startsWith('demo-')))
      expect(validate(schema, parse(read(`schema/operations/${name}`)))).toEqual([]);
  });

  it('use every query, mutation and subscription that there is', () => {
    const schema = buildSchema(read('schema/schema.graphql'));
    const used = new Set<string>();
    for (const name of ours) {
      visit(parse(read(`schema/operations/${name}`)), {
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
