/** Who is asking, and what that allows. Commands name the permissions that they need (service/command/command.ts). */
import { AppError } from '../lib/error.js';

export const PERMISSIONS = ['backups:read', 'backups:write', 'backups:delete', 'backups:restore', 'admin'] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** What the roles of a JWT and of `npm run token` stand for. */
export const ROLES: Readonly<Record<string, readonly Permission[]>> = {
  admin: ['admin'],
  operator: ['backups:read', 'backups:write'],
  viewer: ['backups:read'],
  backup: ['backups:read', 'backups:write', 'backups:delete'],
};

export interface Viewer {
  /** The token's name, or the subject of a JWT. */
  readonly subject: string;
  /** What the token grants, already widened: admin brings all others. */
  readonly permissions: ReadonlySet<Permission>;
  /** Milliseconds since 1970 at which the token ends, where it does. */
  readonly expiresAtMs?: number;
  /** Ids of the databases that it is limited to, if any; left out: all. */
  readonly databases?: ReadonlySet<string>;
}

/** What limits a token besides its permissions. */
export type ViewerLimits = Pick<Viewer, 'expiresAtMs' | 'databases'>;

export function isPermission(value: unknown): value is Permission {
  return (PERMISSIONS as readonly unknown[]).includes(value);
}

/** A viewer with what is granted and what that implies. */
export function viewerOf(subject: string, granted: Iterable<Permission>, limits: Partial<ViewerLimits> = {}): Viewer {
  const set = new Set(granted);
  const permissions = set.has('admin') ? new Set(PERMISSIONS) : set;
  return { subject, permissions, ...limits };
}

/** Whether two viewers are the same one, who may do the same. */
export function mayDoTheSame(one: Viewer, other: Viewer): boolean {
  const sets = [
    [one.permissions, other.permissions],
    [one.databases, other.databases],
  ] as const;
  return one.subject === other.subject && sets.every(([a, b]) => areEqual(a, b));
}

function areEqual(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && [...a].every((item) => b.has(item));
}

/**
 * Passes when the viewer has every one of the permissions.
 * @throws AppError FORBIDDEN that names what is needed and what is missing
 */
export function requirePermissions(viewer: Viewer, ...needed: readonly Permission[]): void {
  const missing = needed.filter((permission) => !viewer.permissions.has(permission));
  if (missing.length === 0) return;
  const them = missing.length === 1 ? 'it' : 'them';
  const lacked = `token "${viewer.subject}" lacks ${missing.join(' and ')}: use a token that has ${them}`;
  const all = missing.length === needed.length ? '' : `needs ${needed.join(' and ')}; `;
  throw new AppError('FORBIDDEN', `Insufficient permissions: ${all}${lacked}`);
}
