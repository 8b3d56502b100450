/** What any failed request of REST answers with. */
import { z } from 'zod';
import { problemShape } from '../common/problem-shape.js';
import { restoreShape } from '../restore/restore-answer.js';

export const errorShape = z
  .object({
    error: z.string().describe('What is wrong, and what to do'),
    code: z.string().describe('Error code, such as CONFLICT. Programs should look at this'),
    request_id: z.string().describe('Id of the request, to find it in the log. Also in the header X-Request-ID'),
    reason: z
      .string()
      .optional()
      .describe('Why, in one word for programs, such as KEY_WRONG. Of CONFLICT and DECRYPTION_FAILED'),
    restore_id: z.string().optional().describe('The restore that stands in the way'),
    backup_ids: z.array(z.string()).optional().describe('The backups that stand in the way'),
    confirm_before: z.string().optional().describe('Until when that restore can be confirmed'),
    problems: z
      .array(problemShape)
      .optional()
      .describe('Everything that is wrong, one by one. Left out where only one thing can be wrong: `error` says it'),
    result: z
      .lazy(() => restoreShape)
      .optional()
      .describe('Of a restore that was planned and not carried out: what it would have done'),
  })
  .meta({ id: 'Error', description: 'Why a request failed' });
