import { ERROR_REASONS, ERROR_STATUS } from '../../src/lib/error.js';
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

  it('has every reason with its code, and no other', () => {
    const documented = new Page('docs/errors.md').rowsOf('reason').map(([reason = '', code = '', why = '']) => {
      expect({ reason, why }).toEqual({ reason, why: expect.stringMatching(/./) });
      return [plain(reason), plain(code)];
    });
    const known = Object.entries(ERROR_REASONS).flatMap(([code, reasons]) => reasons.map((reason) => [reason, code]));
    expect(documented.sort()).toEqual(known.sort());
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
