// Addresses that lead nowhere: 404, or 405 with the methods that would have worked.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../foundation/errors.ts';
import type { ApiServer } from './api-server.ts';

/** Remembers each route from now on; call it before the first one is added. */
export function installNotFound(server: ApiServer): void {
  const addresses = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  server.decorate('knownAddresses', addresses);
  server.addHook('onRoute', ({ url, method }) => {
    const address = addresses.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const name of [method].flat()) address.methods.add(name);
    addresses.set(url, address);
  });
  server.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0]!;
    const methods = new Set<string>();
    for (const { pattern, methods: has } of addresses.values()) {
      if (pattern.test(path)) for (const name of has) methods.add(name);
    }
    if (methods.size === 0) throw new AppError('not_found');
    reply.header('allow', [...methods].sort().join(', '));
    throw new AppError('method_not_allowed');
  });
}

/** `:name` stands for one part of a path, `*` for the rest. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    if (part === '*') return '.*';
    return part.replace(/[^\w]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}
