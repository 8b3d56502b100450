/** What the contract says of checking stored backups. */
import { Field, Int, ObjectType } from 'type-graphql';
import { BigIntScalar } from '../common/scalars.js';
import { Backup } from './backup.type.js';

@ObjectType({ description: 'What reading stored backups back has found' })
export class VerifyReport {
  @Field(() => Int, { description: 'Backups that were checked' })
  checked!: number;

  @Field(() => Int, { description: 'Backups that were read back whole and are good' })
  good!: number;

  @Field(() => [Backup], {
    description: 'Backups that are damaged, or that build on one that is. Their damage says how',
  })
  damaged!: readonly Backup[];

  @Field(() => Int, { description: 'Encrypted backups: only their stored bytes were checked, and are good' })
  bytesOnly!: number;
}

@ObjectType({ description: 'Whether a backup is whole and can be restored' })
export class ValidationReport {
  @Field(() => Boolean, { description: 'True if nothing wrong was found in what was checked: see contentChecked' })
  valid!: boolean;

  @Field(() => Boolean, {
    description: 'False if the backup is encrypted and no key was given: only the stored bytes were checked',
  })
  contentChecked!: boolean;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'How many rows were checked; null if the content could not be read',
  })
  rowCount?: number | undefined;

  @Field(() => [String], { description: 'What is wrong' })
  errors!: readonly string[];

  @Field(() => [String], { description: 'What may be wrong, or is missing' })
  warnings!: readonly string[];
}
