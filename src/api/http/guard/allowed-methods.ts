/** Which addresses there are, and which methods each takes: for whoever sends another one. */
import type { FastifyInstance } from 'fastify';
import { nearestNames } from '../../../lib/text/nearest.js';

interface KnownRoute {
  readonly segments: readonly string[];
  readonly methods: readonly string[];
}

const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/gi;

export class AllowedMethods {
  private readonly routes: KnownRoute[] = [];

  /** Learns every route that is registered from now on. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method }) => {
      const methods = [method].flat().filter((name) => name !== 'OPTIONS');
      if (methods.length > 0) this.routes.push({ segments: url.split('/'), methods });
    });
  }

  /** Sorted; empty where nothing is at the path. What has a name of its own there is no `:id`. */
  of(path: string): readonly string[] {
    const segments = path.split('/');
    const found = this.routes.filter((route) => isAt(segments, route.segments));
    const named = found.filter((route) => route.segments.join('/') === path);
    return [...new Set((named.length > 0 ? named : found).flatMap(({ methods }) => methods))].sort();
  }

  /** Whether an `:id` took a path that has a name of its own, because that does not take the method. */
  isMistaken(path: string, method: string, route: string | undefined): boolean {
    return route?.includes(':') === true && !this.of(path).includes(method);
  }

  /** The address that somebody may have meant who asked for another one; parts that are any value as `:id`. */
  nearest(path: string): string | undefined {
    const known = this.routes
      .map(({ segments }) => segments.join('/'))
      .filter((url) => url !== '/' && !url.includes('*'));
    return nearestNames(this.withIds(path.replaceAll(UUID, ':id').replace(/\/$/, '')), known, 1)[0];
  }

  /** With `:id` where a route has one that is the same up to there. */
  private withIds(path: string): string {
    const given = path.split('/');
    for (const { segments } of this.routes) {
      const last = segments.findLastIndex((segment) => segment.startsWith(':'));
      const begin = segments.slice(0, last + 1);
      if (last >= 0 && segments.length === given.length && isAt(given.slice(0, last + 1), begin))
        return [...begin, ...given.slice(last + 1)].join('/');
    }
    return path;
  }
}

/** Whether a path is one of a route: `:id` is any segment that is not empty, and `*` at the end all that follow. */
function isAt(path: readonly string[], route: readonly string[]): boolean {
  const begins = route.at(-1) === '*' && route.length > 1 ? route.slice(0, -1) : undefined;
  if (begins !== undefined) return path.length > begins.length && isAt(path.slice(0, begins.length), begins);
  if (path.length !== route.length) return false;
  return route.every((segment, at) => segment === path[at] || (segment.startsWith(':') && path[at] !== ''));
}
