/** Everything in the GraphQL schema and in the OpenAPI document that may have a description, with that description. */
import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { type OpenApi, type Operation, openApi, type Schema } from './open-api.js';
import { textOf } from './page.js';

export interface Described {
  /** Such as RestoreResult.changes(first). */
  readonly name: string;
  readonly description: string;
}

interface Part {
  readonly name: string;
  readonly description?: string | null | undefined;
}

const described = (name: string, { description }: Omit<Part, 'name'>): Described => ({
  name,
  description: description ?? '',
});

/** Types, fields, arguments, input fields and enum values. */
export function describedInGraphql(): readonly Described[] {
  const types = Object.values(buildSchema(textOf('schema/schema.graphql')).getTypeMap());
  return types
    .filter((type) => !isSpecifiedScalarType(type) && !isIntrospectionType(type))
    .flatMap((type) => {
      const own = described(type.name, type);
      if (isEnumType(type))
        return [own, ...type.getValues().map((value) => described(`${type.name}.${value.name}`, value))];
      if (isInputObjectType(type))
        return [own, ...Object.values(type.getFields()).map((field) => described(`${type.name}.${field.name}`, field))];
      if (!isObjectType(type)) return [own];
      return [
        own,
        ...Object.values(type.getFields()).flatMap((field) => {
          const name = `${type.name}.${field.name}`;
          return [described(name, field), ...field.args.map((arg) => described(`${name}(${arg.name})`, arg))];
        }),
      ];
    });
}

/** Tags, operations, parameters, answers, named shapes and properties. */
export async function describedInRest(): Promise<readonly Described[]> {
  const document = await openApi();
  return [
    ...document.tags.map((tag) => described(tag.name, tag)),
    ...Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) =>
        partsOf(document, `${method.toUpperCase()} ${path}`, operation),
      ),
    ),
    ...Object.entries(document.components.schemas).flatMap(([name, schema]) => [
      described(name, schema),
      ...propertiesOf(document, name, schema),
    ]),
  ];
}

function partsOf(document: OpenApi, name: string, operation: Operation): readonly Described[] {
  const { summary, parameters = [], requestBody = {}, responses } = operation;
  return [
    described(`${name} summary`, { description: summary }),
    described(name, operation),
    ...parameters.map((parameter) => described(`${name} ${parameter.in} ${parameter.name}`, parameter)),
    ...schemasOf(requestBody).flatMap((schema) => propertiesOf(document, name, schema)),
    ...Object.entries(responses).flatMap(([status, response]) => [
      described(`${name} ${status}`, response),
      ...schemasOf(response).flatMap((schema) => propertiesOf(document, `${name} ${status}`, schema)),
    ]),
  ];
}

function schemasOf({ content = {} }: Operation['requestBody'] & object): readonly Schema[] {
  return Object.values(content).flatMap(({ schema }) => (schema === undefined ? [] : [schema]));
}

/** What a shape has inside, at any depth. A property that is a named shape may leave its description to that. */
function propertiesOf(document: OpenApi, name: string, schema: Schema): readonly Described[] {
  const { properties = {}, items, additionalProperties, anyOf = [] } = schema;
  const within = [items, typeof additionalProperties === 'object' ? additionalProperties : undefined, ...anyOf];
  return [
    ...Object.entries(properties).flatMap(([property, inner]) => [
      described(`${name}.${property}`, { description: inner.description ?? namedIn(document, inner)?.description }),
      ...propertiesOf(document, `${name}.${property}`, inner),
    ]),
    ...within.flatMap((inner) => (inner === undefined ? [] : propertiesOf(document, name, inner))),
  ];
}

function namedIn({ components }: OpenApi, { $ref = '' }: Schema): Schema | undefined {
  return components.schemas[$ref.replace('#/components/schemas/', '')];
}
