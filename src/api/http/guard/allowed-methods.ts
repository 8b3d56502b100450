/** Which addresses there are, and which methods each takes: for whoever sends another one. */
import type { FastifyInstance } from 'fastify';
import { type KnownAddress, nearestAddress } from './nearest-address.js';

export class AllowedMethods {
  private readonly routes: KnownAddress[] = [];

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

  /** The address that somebody may have meant who asked for another one; with its method where that is another. */
  nearest(path: string, method: string): string | undefined {
    const known = new Map<string, KnownAddress>();
    for (const { segments, methods } of this.routes) {
      const url = segments.join('/').replace(/(?<=.)\/$/, '');
      if (url === '/' || url.includes('*')) continue;
      const all = [...(known.get(url)?.methods ?? []), ...methods];
      known.set(url, { segments: url.split('/'), methods: all.filter((name) => name !== 'HEAD') });
    }
    return nearestAddress({ method: method === 'HEAD' ? 'GET' : method, path }, [...known.values()]);
  }

  /** The same, of a path whose end is not the `:id` that it was taken for, but what another address ends with. */
  nearestByEnd(path: string, method: string): string | undefined {
    const end = path.split('/').at(-1);
    const isEnd = this.routes.some(({ segments, methods }) => segments.at(-1) === end && methods.includes(method));
    return isEnd ? this.nearest(path, method) : undefined;
  }
}

/** Whether a path is one of a route: `:id` is any segment that is not empty, and `*` at the end all that follow. */
function isAt(path: readonly string[], route: readonly string[]): boolean {
  const begins = route.at(-1) === '*' && route.length > 1 ? route.slice(0, -1) : undefined;
  if (begins !== undefined) return path.length > begins.length && isAt(path.slice(0, begins.length), begins);
  if (path.length !== route.length) return false;
  return route.every((segment, at) => segment === path[at] || (segment.startsWith(':') && path[at] !== ''));
}
