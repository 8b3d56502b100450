/** The audit trail, as GraphQL shows it. */
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { noteOf, type AuditEntry as ServiceEntry } from '../../../service/audit/audit-line.js';
import type { AuditFilter, AuditPage } from '../../../service/audit/audit-page.js';
import { cursorOf } from '../../../service/audit/audit-page.js';
import { PageInfo } from '../common/page.type.js';
import { BigIntScalar, DateTime } from '../common/scalars.js';

export enum AuditVia {
  GRAPHQL = 'GRAPHQL',
  REST = 'REST',
  SOCKET = 'SOCKET',
  SERVER = 'SERVER',
}
registerEnumType(AuditVia, {
  name: 'AuditVia',
  description: 'How a call came in',
  valuesConfig: {
    SOCKET: { description: 'WebSocket' },
    SERVER: { description: 'No call: the server did it by itself' },
  },
});

@ObjectType({ description: 'What a call was about, as far as it is known' })
export class AuditTarget {
  @Field(() => ID, { nullable: true })
  backupId?: string | undefined;

  @Field(() => ID, { nullable: true })
  restoreId?: string | undefined;

  @Field(() => ID, { nullable: true })
  jobId?: string | undefined;

  @Field(() => ID, { nullable: true, description: 'The restore that was to be undone' })
  undoOf?: string | undefined;

  @Field(() => String, { nullable: true, description: 'Of the backup' })
  name?: string | undefined;

  @Field(() => String, { nullable: true })
  database?: string | undefined;

  @Field(() => Boolean, { description: 'True where nothing was to be changed' })
  dryRun!: boolean;
}

@ObjectType({ description: 'One line of the audit trail' })
export class AuditEntry {
  @Field(() => BigIntScalar, { description: 'Its number, from 1, without gaps' })
  seq!: number;

  @Field(() => DateTime)
  at!: string;

  @Field(() => String, { nullable: true, description: 'Who; null where nobody is known' })
  subject?: string | undefined;

  @Field(() => String, {
    description: 'Name of the mutation; of what was refused otherwise the field, the route, or connect for a socket',
  })
  action!: string;

  @Field(() => AuditVia)
  via!: AuditVia;

  @Field(() => String, { nullable: true })
  address?: string | undefined;

  @Field(() => AuditTarget, { nullable: true })
  target?: AuditTarget | undefined;

  @Field(() => String, { description: 'OK, ACCEPTED for what was begun and not waited for, or the code of an error' })
  result!: string;

  @Field(() => String, { nullable: true })
  requestId?: string | undefined;

  @Field(() => Int, {
    description: 'How many calls the line stands for: more than 1 where refused ones came in a flood',
  })
  repeated!: number;

  @Field(() => String, { nullable: true, description: 'What the server has to say to a line of its own' })
  note?: string | undefined;

  @Field(() => String, { description: 'SHA-256 over this line and the hash of the one before it' })
  hash!: string;
}

export function entryOf({
  at,
  seq,
  subject,
  action,
  via,
  address,
  target,
  result,
  requestId,
  repeated = 1,
  hash,
  ...rest
}: ServiceEntry): AuditEntry {
  return {
    seq,
    at,
    subject,
    action,
    via: AuditVia[via],
    address,
    target: target === undefined ? undefined : { ...target, dryRun: target.dryRun ?? false },
    result,
    requestId,
    repeated,
    note: noteOf(rest),
    hash,
  };
}

@ObjectType()
export class AuditConnection {
  readonly filter!: AuditFilter;

  @Field(() => [AuditEntry])
  nodes!: readonly AuditEntry[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;
}

export function connectionOf({ nodes, hasNextPage, hasPreviousPage }: AuditPage, filter: AuditFilter): AuditConnection {
  const [start, end] = [nodes[0], nodes.at(-1)];
  return {
    filter,
    nodes: nodes.map(entryOf),
    pageInfo: {
      hasNextPage,
      hasPreviousPage,
      startCursor: start === undefined ? undefined : cursorOf(start),
      endCursor: end === undefined ? undefined : cursorOf(end),
    },
  };
}

@ObjectType()
export class AuditFault {
  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'Number of the line that is wrong or missing, where it is known',
  })
  seq?: number | undefined;

  @Field(() => String)
  file!: string;

  @Field(() => Int, { nullable: true, description: 'In the file, from 1' })
  line?: number | undefined;

  @Field(() => String)
  message!: string;
}

@ObjectType({
  description:
    'Whether the audit trail is as it was written. Note lastHash somewhere else now and then: whoever rewrites the ' +
    'whole trail cannot make that hash again',
})
export class AuditCheck {
  @Field(() => Boolean)
  intact!: boolean;

  @Field(() => BigIntScalar, { description: 'Lines that were read' })
  lines!: number;

  @Field(() => BigIntScalar, { nullable: true })
  firstSeq?: number | undefined;

  @Field(() => BigIntScalar, { nullable: true })
  lastSeq?: number | undefined;

  @Field(() => String, { nullable: true })
  lastHash?: string | undefined;

  @Field(() => [AuditFault], { description: 'The first 100' })
  faults!: readonly AuditFault[];

  @Field(() => BigIntScalar, { description: 'How many there are' })
  faultCount!: number;
}
