/** The audit trail in GraphQL, for admins. */
import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import { auditCheck, auditLog } from '../../../service/audit/audit-command.js';
import type { AuditTrail } from '../../../service/audit/audit-trail.js';
import type { ApiContext } from '../../http/request-context.js';
import { about } from '../common/about.js';
import { ask } from '../common/ask.js';
import { DateTime } from '../common/scalars.js';
import { AuditCheck, AuditConnection, connectionOf } from './audit.type.js';

const LOG = auditLog.input;

@Resolver(() => AuditConnection)
export class AuditResolver {
  constructor(private readonly trail: AuditTrail) {}

  @Query(() => AuditConnection, {
    description: 'Lists the calls that changed something or were refused, newest first. Needs admin',
  })
  async auditLog(
    @Ctx() context: ApiContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50, ...about(LOG, 'first') }) first: number | null,
    @Arg('after', () => String, { nullable: true, ...about(LOG, 'after') }) after: string | null,
    @Arg('subject', () => String, { nullable: true, ...about(LOG, 'subject') }) subject: string | null,
    @Arg('action', () => String, { nullable: true, ...about(LOG, 'action') }) action: string | null,
    @Arg('result', () => String, { nullable: true, ...about(LOG, 'result') }) result: string | null,
    @Arg('since', () => DateTime, { nullable: true, ...about(LOG, 'since') }) since: Date | null,
    @Arg('until', () => DateTime, { nullable: true, ...about(LOG, 'until') }) until: Date | null,
  ): Promise<AuditConnection> {
    const asked = { first, after, subject, action, result, since, until };
    const { page, filter } = await ask(context, auditLog, this.trail, asked);
    return connectionOf(page, filter);
  }

  @Query(() => AuditCheck, {
    description:
      'Reads the whole audit trail, and finds lines that were edited, removed, inserted, moved or cut off. Needs admin',
  })
  async auditCheck(@Ctx() context: ApiContext): Promise<AuditCheck> {
    return ask(context, auditCheck, this.trail, {});
  }

  @FieldResolver(() => Int, {
    description: 'How many lines there are on all pages together. The whole trail is read for it',
  })
  async totalCount(@Root() { filter }: AuditConnection): Promise<number> {
    return this.trail.count(filter);
  }
}
