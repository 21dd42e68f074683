// What every request and every live message needs, in one table. A route that is not here is not served, a message that is not
// here does not compile. `docs/reference/permissions.md` is written from it.
import type { Role } from '../foundation/roles.ts';

/** `everyone`: without a key too. */
export type Need = Role | 'everyone';

/** By method and address. HEAD needs what GET does. */
export const routeNeeds = {
  'GET /healthz': 'everyone',
  'GET /readyz': 'everyone',
  // Or the token for it, or whoever reaches a listener of its own.
  'GET /metrics': 'admin',
  'GET /openapi.json': 'everyone',
  'GET /docs*': 'everyone',

  'GET /auth/login': 'everyone',
  'GET /auth/callback': 'everyone',
  // Without a log-in it does nothing.
  'POST /auth/logout': 'everyone',
  'GET /auth/me': 'viewer',

  'GET /api/version': 'viewer',
  'GET /api/whoami': 'viewer',

  'POST /api/sessions': 'developer',
  'GET /api/sessions': 'viewer',
  'GET /api/sessions/:id': 'viewer',
  'DELETE /api/sessions/:id': 'developer',
  'PUT /api/sessions/:id/config': 'developer',
  'POST /api/sessions/:id/restart': 'developer',
  'POST /api/sessions/:id/pause': 'developer',
  'POST /api/sessions/:id/resume': 'developer',
  'POST /api/sessions/:id/hibernate': 'developer',

  'POST /api/sessions/:id/execute': 'developer',
  'GET /api/sessions/:id/executions/:executionId': 'viewer',
  'GET /api/sessions/:id/executions/:executionId/profile': 'viewer',
  'POST /api/sessions/:id/executions/:executionId/cancel': 'developer',
  'GET /api/sessions/:id/variables': 'viewer',
  'GET /api/sessions/:id/variables/:name': 'viewer',
  'GET /api/sessions/:id/history': 'viewer',
  'DELETE /api/sessions/:id/history': 'developer',
  'GET /api/sessions/:id/usage': 'viewer',
  'GET /api/sessions/:id/live': 'viewer',
  'POST /api/tickets': 'viewer',

  'POST /api/sessions/:id/snapshots': 'developer',
  'GET /api/sessions/:id/snapshots': 'viewer',
  'GET /api/sessions/:id/snapshots/:version': 'viewer',
  'PATCH /api/sessions/:id/snapshots/:version': 'developer',
  'DELETE /api/sessions/:id/snapshots/:version': 'developer',
  'GET /api/sessions/:id/snapshots/:version/archive': 'developer',
  'POST /api/sessions/:id/rollback': 'developer',
  'GET /api/snapshots': 'viewer',
  'POST /api/snapshots': 'developer',
  'GET /api/snapshots/:snapshot': 'viewer',
  'DELETE /api/snapshots/:snapshot': 'developer',

  'GET /api/sessions/:id/files': 'viewer',
  'GET /api/sessions/:id/files/*': 'viewer',
  'PUT /api/sessions/:id/files/*': 'developer',
  'DELETE /api/sessions/:id/files/*': 'developer',

  'GET /api/tenants': 'operator',
  'POST /api/tenants': 'admin',
  'GET /api/tenants/:id': 'operator',
  'PUT /api/tenants/:id': 'admin',
  'DELETE /api/tenants/:id': 'admin',
  'GET /api/keys': 'operator',
  'POST /api/keys': 'operator',
  'POST /api/keys/:id/rotate': 'operator',
  'DELETE /api/keys/:id': 'operator',
  'GET /api/audit': 'operator',
  'GET /api/usage': 'viewer',
} as const satisfies Readonly<Record<string, Need>>;

/** Of messages over a live connection, by type. */
export const messageNeeds = {
  execute: 'developer',
  cancel: 'developer',
  stdin: 'developer',
  inspect: 'viewer',
  variables: 'viewer',
  subscribe: 'viewer',
  ping: 'viewer',
} as const satisfies Readonly<Record<string, Role>>;

const pagePrefix = '/docs';

/** The entry for a route; null when there is none. */
export function entryFor(method: string, url: string): keyof typeof routeNeeds | null {
  const verb = method === 'HEAD' ? 'GET' : method;
  const entry = url.startsWith(pagePrefix) ? `${verb} ${pagePrefix}*` : `${verb} ${url}`;
  return Object.hasOwn(routeNeeds, entry) ? (entry as keyof typeof routeNeeds) : null;
}
