/** What the contract says of asking for a restore. */
import { Field, ID, InputType, Int, registerEnumType } from 'type-graphql';
import { restoreBackup } from '../../../service/restore/restore-command.js';
import { about } from '../common/about.js';
import { ResourceFilterInput } from '../common/filter.type.js';
import { ConflictPolicy } from './restore.type.js';

export enum SyncTarget {
  NONE = 'NONE',
  SB = 'SB',
  HV = 'HV',
}
registerEnumType(SyncTarget, {
  name: 'SyncTarget',
  description: 'What a restore waits for after the commit, like ovn-nbctl --wait',
  valuesConfig: {
    NONE: { description: 'Nothing' },
    SB: { description: 'Until ovn-northd has applied the change to the Southbound database' },
    HV: { description: 'Until the chassis have applied the change too' },
  },
});

export enum VerifyMode {
  ASSERTIONS = 'ASSERTIONS',
  FULL = 'FULL',
}
registerEnumType(VerifyMode, {
  name: 'VerifyMode',
  description:
    'What a restore checks after the commit. A row that differs was changed by somebody else since: a warning names it',
  valuesConfig: {
    ASSERTIONS: { description: 'That each planned change is in the database' },
    FULL: { description: 'Every row of the changed tables, within restoreFilter, is read back and compared' },
  },
});

@InputType({ description: 'Treats a row of the backup as this row of the database' })
export class ResourceMappingInput {
  @Field(() => String, { description: 'Name or UUID in the backup' })
  from!: string;

  @Field(() => String, { description: 'Name or UUID in the database' })
  to!: string;
}

@InputType({ description: 'What to restore, and how' })
export class RestoreBackupInput {
  @Field(() => ID, about(restoreBackup.input, 'backupId'))
  backupId!: string;

  @Field(() => ID, { nullable: true, ...about(restoreBackup.input, 'database') })
  database?: string | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, ...about(restoreBackup.input, 'dryRun') })
  dryRun?: boolean | null;

  @Field(() => ConflictPolicy, {
    nullable: true,
    defaultValue: ConflictPolicy.SKIP,
    ...about(restoreBackup.input, 'conflictPolicy'),
  })
  conflictPolicy?: ConflictPolicy | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, ...about(restoreBackup.input, 'exact') })
  exact?: boolean | null;

  @Field(() => [ResourceMappingInput], { nullable: true, ...about(restoreBackup.input, 'resourceMapping') })
  resourceMapping?: ResourceMappingInput[] | null;

  @Field(() => ResourceFilterInput, { nullable: true, ...about(restoreBackup.input, 'restoreFilter') })
  restoreFilter?: ResourceFilterInput | null;

  @Field(() => String, { nullable: true, ...about(restoreBackup.input, 'decryptionKey') })
  decryptionKey?: string | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, ...about(restoreBackup.input, 'force') })
  force?: boolean | null;

  @Field(() => SyncTarget, { nullable: true, defaultValue: SyncTarget.NONE, ...about(restoreBackup.input, 'sync') })
  sync?: SyncTarget | null;

  @Field(() => VerifyMode, {
    nullable: true,
    defaultValue: VerifyMode.ASSERTIONS,
    ...about(restoreBackup.input, 'verify'),
  })
  verify?: VerifyMode | null;

  @Field(() => Int, { nullable: true, ...about(restoreBackup.input, 'confirmWithinSeconds') })
  confirmWithinSeconds?: number | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, ...about(restoreBackup.input, 'queue') })
  queue?: boolean | null;

  @Field(() => Boolean, { nullable: true, defaultValue: true, ...about(restoreBackup.input, 'wait') })
  wait?: boolean | null;
}
