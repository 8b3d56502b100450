/** What the contract says of asking for a restore. */
import { Field, ID, InputType, Int, registerEnumType } from 'type-graphql';
import { ResourceFilterInput } from '../common/filter.type.js';
import { ConflictPolicy } from './restore.type.js';

export enum SyncTarget {
  NONE = 'NONE',
  SB = 'SB',
  HV = 'HV',
}
registerEnumType(SyncTarget, {
  name: 'SyncTarget',
  description: 'What to wait for after applying, as ovn-nbctl --wait: nothing, northd (SB), or the chassis too (HV)',
});

export enum VerifyMode {
  ASSERTIONS = 'ASSERTIONS',
  FULL = 'FULL',
}
registerEnumType(VerifyMode, {
  name: 'VerifyMode',
  description:
    'How a restore is verified after the commit. What differs was written by somebody else since, and is a warning ' +
    'that names the row',
  valuesConfig: {
    ASSERTIONS: { description: 'Whether each planned change is in the database' },
    FULL: { description: 'Every row of the tables touched, within restoreFilter, is read back and compared' },
  },
});

@InputType()
export class ResourceMappingInput {
  @Field(() => String, { description: 'UUID or name in the backup' })
  from!: string;

  @Field(() => String, { description: 'UUID or name in the target database' })
  to!: string;
}

@InputType()
export class RestoreBackupInput {
  @Field(() => ID)
  backupId!: string;

  @Field(() => ID, {
    nullable: true,
    description: "Which configured database to restore into; the backup's own if left out",
  })
  database?: string | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false })
  dryRun?: boolean | null;

  @Field(() => ConflictPolicy, { nullable: true, defaultValue: ConflictPolicy.SKIP })
  conflictPolicy?: ConflictPolicy | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'With OVERWRITE: also delete the live rows, within restoreFilter, that the backup does not hold, so that the ' +
      'database ends equal to the backup',
  })
  exact?: boolean | null;

  @Field(() => [ResourceMappingInput], {
    nullable: true,
    description:
      'Rows of the backup that are taken to be these live rows: their children attach there, and references to ' +
      'them point there',
  })
  resourceMapping?: ResourceMappingInput[] | null;

  @Field(() => ResourceFilterInput, {
    nullable: true,
    description: 'Restore this part only; of a selective backup, within the part that it holds',
  })
  restoreFilter?: ResourceFilterInput | null;

  @Field(() => String, { nullable: true })
  decryptionKey?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Go on where the plan only warns: a schema version that differs with columns lost, say',
  })
  force?: boolean | null;

  @Field(() => SyncTarget, { nullable: true, defaultValue: SyncTarget.NONE })
  sync?: SyncTarget | null;

  @Field(() => VerifyMode, { nullable: true, defaultValue: VerifyMode.ASSERTIONS })
  verify?: VerifyMode | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'Undo the restore by itself unless confirmRestore comes within so many seconds, 1 to 86,400. Other restores of ' +
      'the same database are refused with CONFLICT until then, or wait with queue: true',
  })
  confirmWithinSeconds?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'While another restore of the database awaits its confirmation: wait for it instead of being refused with ' +
      'CONFLICT',
  })
  queue?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: true,
    description:
      'True: answer when the restore has ended, or awaits confirmation. False: answer at once; follow it with ' +
      'restoreProgress',
  })
  wait?: boolean | null;
}
