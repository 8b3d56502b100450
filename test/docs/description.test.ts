/** That everything that the two APIs have is described where a program or a person looks it up. */
import { describedInGraphql, describedInRest } from './described.js';

/** Obvious by name and type. */
const OBVIOUS: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription']);

describe('the descriptions', () => {
  it('say what each type, field, argument and enum value of GraphQL is', () => {
    const parts = describedInGraphql();
    expect(parts.length).toBeGreaterThan(300);
    expect(parts.filter(({ name, description }) => description === '' && !OBVIOUS.has(name))).toEqual([]);
  });

  it('say what each operation, parameter, property and answer of REST is', async () => {
    const parts = await describedInRest();
    expect(parts.length).toBeGreaterThan(300);
    expect(parts.filter(({ description }) => description === '')).toEqual([]);
  });
});
