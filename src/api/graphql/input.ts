/**
 * What GraphQL's types do not say of inputs: lengths, and what goes with what. Messages name the field and never
 * hold its value.
 */
import { z } from 'zod';
import { AppError } from '../../lib/error.js';
import type { ArchiveFormat } from '../../archive/archive.js';
import type { CreateBackupInput, ImportBackupInput } from './backup.type.js';

const given = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined);
const text = (max: number) => z.string().max(max, `takes at most ${String(max)} characters`).refine((value) => !value.includes('\u0000'), 'may not hold NUL');
const name = text(200).refine((value) => value.trim() !== '', 'may not be empty');
const description = given(text(2_000));
const tags = given(z.array(text(100).refine((value) => value.trim() !== '', 'a tag may not be empty')).max(50, 'takes at most 50 tags')).transform((list) => [...new Set(list ?? [])]);
const key = given(text(1_024).min(1, 'may not be empty'));
const format = given(z.enum(['JSON', 'YAML', 'OVSDB']));

const createBackup = z
  .object({ name, description, format: format.transform((value): ArchiveFormat => value ?? 'JSON'), compress: given(z.boolean()), encrypt: given(z.boolean()), encryptionKey: key, tags, database: given(z.string()) })
  .refine(({ encrypt, encryptionKey }) => encrypt !== true || encryptionKey !== undefined, { path: ['encryptionKey'], message: 'is needed with encrypt' })
  .refine(({ encrypt, encryptionKey }) => encrypt === true || encryptionKey === undefined, { path: ['encrypt'], message: 'must be true where encryptionKey is given: the backup would not be encrypted' })
  .transform(({ encrypt: _encrypt, compress, ...rest }) => ({ ...rest, compress: compress ?? false }));

const importBackup = z
  .object({ name: given(name), description, format, tags, decryptionKey: key, file: z.unknown().optional(), data: given(z.string()) })
  .refine(({ file, data }) => (file !== null && file !== undefined) !== (data !== undefined), { path: ['file'], message: 'exactly one of file and data is needed' });

function checked<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new AppError('BAD_USER_INPUT', result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

export function checkCreateBackup(input: CreateBackupInput): z.output<typeof createBackup> {
  return checked(createBackup, input);
}

export function checkImportBackup(input: ImportBackupInput): z.output<typeof importBackup> {
  return checked(importBackup, input);
}

/** A key that stands by itself. */
export function checkKey(field: string, value: string | null | undefined): string | undefined {
  return checked(z.object({ [field]: key }), { [field]: value })[field];
}
