/** The audit trail in GraphQL, for admins. */
import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import { auditCheck, auditLog } from '../../../service/audit/audit-command.js';
import type { AuditTrail } from '../../../service/audit/audit-trail.js';
import type { ApiContext } from '../../http/request-context.js';
import { ask } from '../common/ask.js';
import { DateTime } from '../common/scalars.js';
import { AuditCheck, AuditConnection, connectionOf } from './audit.type.js';

@Resolver(() => AuditConnection)
export class AuditResolver {
  constructor(private readonly trail: AuditTrail) {}

  @Query(() => AuditConnection, { description: 'Every call that changed something, or was refused; newest first' })
  async auditLog(
    @Ctx() context: ApiContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Arg('subject', () => String, { nullable: true }) subject: string | null,
    @Arg('action', () => String, { nullable: true }) action: string | null,
    @Arg('result', () => String, { nullable: true }) result: string | null,
    @Arg('since', () => DateTime, { nullable: true }) since: Date | null,
    @Arg('until', () => DateTime, { nullable: true }) until: Date | null,
  ): Promise<AuditConnection> {
    const asked = { first, after, subject, action, result, since, until };
    const { page, filter } = await ask(context, auditLog, this.trail, asked);
    return connectionOf(page, filter);
  }

  @Query(() => AuditCheck, {
    description: 'Reads the whole audit trail: finds lines that were edited, removed, inserted, moved or cut off',
  })
  async auditCheck(@Ctx() context: ApiContext): Promise<AuditCheck> {
    return ask(context, auditCheck, this.trail, {});
  }

  @FieldResolver(() => Int, { description: 'How many lines fit; the whole trail is read for it' })
  async totalCount(@Root() { filter }: AuditConnection): Promise<number> {
    return this.trail.count(filter);
  }
}
