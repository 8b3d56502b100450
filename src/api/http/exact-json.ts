/**
 * Values of columns as JSON may hold them: an integer past 2^53 becomes a string of digits, as most who read JSON round
 * such numbers.
 */
export function exactJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(exactJson);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, exactJson(member)]));
  return value;
}
