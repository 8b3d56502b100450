/** Whether a database may be taken for the one that a restore changed, where nobody is there to decide. */
import { isAtSamePlace } from '../../../src/service/database/database-identity.js';

const COPIED = { identity: 'row:u', identityBefore: null, remotes: ['tcp:a:1', 'tcp:b:1'] };

it.each([
  ['the row of another one, at one of its addresses', COPIED, ['tcp:b:1'], true],
  ['the row of another one, at another address', COPIED, ['tcp:c:1'], false],
  ['another row than before, at another address', { ...COPIED, identityBefore: 'row:v' }, ['tcp:c:1'], false],
  ['its own row, on a standby', { ...COPIED, identityBefore: 'row:u' }, ['tcp:c:1'], true],
  ['a cluster', { ...COPIED, identity: 'cluster:c', identityBefore: 'cluster:c' }, ['tcp:c:1'], true],
  ['nothing that tells it from others', { identityBefore: null, remotes: ['tcp:a:1'] }, ['tcp:c:1'], true],
  ['a record of an older version', { identity: 'row:u' }, ['tcp:c:1'], true],
])('%s', (_what, known, addresses, isSame) => {
  expect(isAtSamePlace(known, addresses)).toBe(isSame);
});
