/** What went wrong, one thing at a time. */
import { z } from 'zod';

export const problemShape = z.object({
  code: z.string().describe('Error code, such as CONFLICT'),
  message: z.string().describe('What is wrong, and what to do'),
  table: z.string().optional().describe('Table of the row, if it is about a row'),
  label: z.string().optional().describe('Name of the row, as people call it'),
});
