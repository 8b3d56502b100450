/** The audit trail in GraphQL, for admins. */
import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import { requirePermissions } from '../../../auth/permission.js';
import type { AuditFilter } from '../../../service/audit/audit-page.js';
import type { AuditTrail } from '../../../service/audit/audit-trail.js';
import type { ApiContext } from '../../http/request-context.js';
import { DateTime } from '../common/scalars.js';
import { AuditCheck, AuditConnection, connectionOf } from './audit.type.js';

@Resolver(() => AuditConnection)
export class AuditResolver {
  constructor(private readonly trail: AuditTrail) {}

  @Query(() => AuditConnection, { description: 'Every call that changed something, or was refused; newest first' })
  async auditLog(
    @Ctx() { viewer }: ApiContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Arg('subject', () => String, { nullable: true }) subject: string | null,
    @Arg('action', () => String, { nullable: true }) action: string | null,
    @Arg('result', () => String, { nullable: true }) result: string | null,
    @Arg('since', () => DateTime, { nullable: true }) since: Date | null,
    @Arg('until', () => DateTime, { nullable: true }) until: Date | null,
  ): Promise<AuditConnection> {
    requirePermissions(viewer, 'admin');
    const filter: AuditFilter = {
      subject: subject ?? undefined,
      action: action ?? undefined,
      result: result ?? undefined,
      sinceMs: since?.getTime(),
      untilMs: until?.getTime(),
    };
    return connectionOf(await this.trail.page({ ...filter, first: first ?? 50, after: after ?? undefined }), filter);
  }

  @Query(() => AuditCheck, {
    description: 'Reads the whole audit trail: finds lines that were edited, removed, inserted, moved or cut off',
  })
  async auditCheck(@Ctx() { viewer }: ApiContext): Promise<AuditCheck> {
    requirePermissions(viewer, 'admin');
    return this.trail.check();
  }

  @FieldResolver(() => Int, { description: 'How many lines fit; the whole trail is read for it' })
  async totalCount(@Root() { filter }: AuditConnection): Promise<number> {
    return this.trail.count(filter);
  }
}
