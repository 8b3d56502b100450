/** The OpenAPI document, without a server: routes are data. */
import type { Call } from '../../src/api/rest/common/route.js';
import { type RestParts, restRoutes } from '../../src/api/rest/routes.js';

/** JSON Schema, as far as the document has it. */
export interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
}

export interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content & { readonly description?: string }>>;
}

export interface OpenApi {
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export const routes = restRoutes({ version: '0' } as RestParts);

export async function openApi(): Promise<OpenApi> {
  const own = routes.find(({ path }) => path === '/api/v1/openapi.json');
  const answer = await own?.handle({} as Call<unknown, unknown>);
  return answer?.body as OpenApi;
}
