import { ERROR_STATUS } from '../../src/lib/error.js';
import { Page, plain } from './page.js';

const rows = new Page('docs/errors.md').rowsOf('code');
const isGraphql = (code: string): boolean => code.startsWith('GRAPHQL_');

describe('docs/errors.md', () => {
  it('has every code of the catalogue with its status, and no other', () => {
    const documented = rows
      .map(([code = '', status = '']) => [plain(code), Number(status)] as const)
      .filter(([code]) => !isGraphql(code));
    expect(documented).toHaveLength(Object.keys(ERROR_STATUS).length);
    expect(Object.fromEntries(documented)).toEqual(ERROR_STATUS);
  });

  it('says of every code when it is answered and what to do', () => {
    for (const [code = '', , when = '', advice = ''] of rows)
      if (!isGraphql(plain(code)))
        expect({ code, when, advice }).toEqual({
          code,
          when: expect.stringMatching(/./),
          advice: expect.stringMatching(/./),
        });
  });
});
