/** What any failed request of REST answers with. */
import { z } from 'zod';
import { problemShape, restoreShape } from '../restore/restore-answer.js';

export const errorShape = z
  .object({
    error: z.string(),
    code: z.string(),
    request_id: z.string(),
    problems: z.array(problemShape).optional(),
    result: z.lazy(() => restoreShape).optional(),
  })
  .meta({
    id: 'Error',
    description:
      '"error" says what is wrong and what to do; "request_id" finds it in the log; "result" stands beside it ' +
      'where a restore was planned and not carried out',
  });
