/** The names of REST: port_groups for portGroups. */

export type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : '';

export function snakeCase<Name extends string>(name: Name): SnakeCase<Name> {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) as SnakeCase<Name>;
}

/** An object with a member for each of these names, as REST calls them. */
export function snakeRecordOf<Name extends string, Value>(
  names: readonly Name[],
  valueOf: (name: Name) => Value,
): Record<SnakeCase<Name>, Value> {
  return Object.fromEntries(names.map((name) => [snakeCase(name), valueOf(name)])) as Record<SnakeCase<Name>, Value>;
}
