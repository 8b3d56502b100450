/** The audit trail, as GraphQL shows it. */
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { noteOf, type AuditEntry as ServiceEntry } from '../../../service/audit/audit-line.js';
import type { AuditFilter, AuditPage } from '../../../service/audit/audit-page.js';
import { cursorOf } from '../../../service/audit/audit-page.js';
import { PAGE_INFO, PageInfo } from '../common/page.type.js';
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
    GRAPHQL: { description: 'GraphQL over HTTP' },
    REST: { description: 'REST' },
    SOCKET: { description: 'GraphQL over a WebSocket' },
    SERVER: { description: 'Nobody called: the server did it by itself' },
  },
});

@ObjectType({ description: 'What a call was about, as far as it is known' })
export class AuditTarget {
  @Field(() => ID, { nullable: true, description: 'Id of the backup' })
  backupId?: string | undefined;

  @Field(() => ID, { nullable: true, description: 'Id of the restore' })
  restoreId?: string | undefined;

  @Field(() => ID, { nullable: true, description: 'Id of the job' })
  jobId?: string | undefined;

  @Field(() => ID, { nullable: true, description: 'Id of the restore that was to be undone' })
  undoOf?: string | undefined;

  @Field(() => String, { nullable: true, description: 'Name of the backup' })
  name?: string | undefined;

  @Field(() => String, { nullable: true, description: 'Id of the database' })
  database?: string | undefined;

  @Field(() => Boolean, { description: 'True if it was a dry run: nothing was to be changed' })
  dryRun!: boolean;
}

@ObjectType({ description: 'One line of the audit trail' })
export class AuditEntry {
  @Field(() => BigIntScalar, { description: 'Number of the line, from 1, without gaps' })
  seq!: number;

  @Field(() => DateTime, { description: 'When the line was written' })
  at!: string;

  @Field(() => String, { nullable: true, description: 'Name of the token that called; null if it is not known' })
  subject?: string | undefined;

  @Field(() => String, {
    description:
      'What was called, such as createBackup. If the call was refused before that was known: the field, the REST ' +
      'route, or "connect" for a WebSocket',
  })
  action!: string;

  @Field(() => AuditVia, { description: 'How the call came in' })
  via!: AuditVia;

  @Field(() => String, { nullable: true, description: 'IP address that the call came from' })
  address?: string | undefined;

  @Field(() => AuditTarget, { nullable: true, description: 'What the call was about' })
  target?: AuditTarget | undefined;

  @Field(() => String, {
    description: 'OK; ACCEPTED if the work was begun and nobody waited for its end; or an error code',
  })
  result!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Id of the request: the X-Request-ID of its answer, and reqId in the log',
  })
  requestId?: string | undefined;

  @Field(() => Int, {
    description: 'How many calls the line stands for. More than 1 if many calls were refused in a short time',
  })
  repeated!: number;

  @Field(() => String, { nullable: true, description: 'What the server says about a line that it wrote by itself' })
  note?: string | undefined;

  @Field(() => String, { description: 'SHA-256 over this line and the hash of the line before it' })
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

@ObjectType({ description: 'A page of the audit trail' })
export class AuditConnection {
  readonly filter!: AuditFilter;

  @Field(() => [AuditEntry], { description: 'The lines of the page, newest first' })
  nodes!: readonly AuditEntry[];

  @Field(() => PageInfo, PAGE_INFO)
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

@ObjectType({ description: 'A place where the audit trail is not as it was written' })
export class AuditFault {
  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'Number of the line that is wrong or missing; null if it is not known',
  })
  seq?: number | undefined;

  @Field(() => String, { description: 'Name of the file' })
  file!: string;

  @Field(() => Int, { nullable: true, description: 'Line in the file, from 1' })
  line?: number | undefined;

  @Field(() => String, { description: 'What is wrong' })
  message!: string;
}

@ObjectType({
  description:
    'Whether the audit trail is as it was written. Store lastHash somewhere else now and then: nobody who rewrites ' +
    'the whole trail can produce that hash again',
})
export class AuditCheck {
  @Field(() => Boolean, { description: 'True if nothing is wrong' })
  intact!: boolean;

  @Field(() => BigIntScalar, { description: 'How many lines were read' })
  lines!: number;

  @Field(() => BigIntScalar, { nullable: true, description: 'Number of the first line' })
  firstSeq?: number | undefined;

  @Field(() => BigIntScalar, { nullable: true, description: 'Number of the last line' })
  lastSeq?: number | undefined;

  @Field(() => String, { nullable: true, description: 'Hash of the last line' })
  lastHash?: string | undefined;

  @Field(() => [AuditFault], { description: 'The first 100 faults' })
  faults!: readonly AuditFault[];

  @Field(() => BigIntScalar, { description: 'How many faults there are' })
  faultCount!: number;
}
