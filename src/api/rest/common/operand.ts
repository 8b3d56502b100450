/** A configuration in the address of a request: backup:ID, or live:DATABASE. */
import { z } from 'zod';

/** As commands take it. */
export interface Operand {
  readonly backupId?: string;
  readonly database?: string;
}

const FORM = /^(backup|live):(.+)$/s;

export const operand = z
  .string({ error: 'is needed: backup:ID, or live:DATABASE such as live:northbound' })
  .regex(FORM, 'takes backup:ID, or live:DATABASE such as live:northbound')
  .transform((text): Operand => {
    const [, kind, id = ''] = FORM.exec(text) ?? [];
    return kind === 'backup' ? { backupId: id } : { database: id };
  });
