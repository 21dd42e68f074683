// Is the process alive, and can it do its work? For load balancers and supervisors: no key needed, nothing told.
import type { ApiServer } from '../api-server.ts';
import { toAppError } from '../error-reply.ts';
import type { ApiParts, ReadinessCheck } from '../options.ts';
import { Health, Readiness } from '../schemas/reply.ts';
import { shared } from '../schemas/route-schema.ts';
import type { Waits } from '../waits.ts';

const tags = ['Operations'];

export function healthRoutes(server: ApiServer, api: ApiParts, waits: Waits): void {
  const { readiness, settings, log } = api;

  server.get(
    '/healthz',
    {
      schema: {
        tags,
        operationId: 'getHealth',
        summary: 'Tell that the process answers',
        security: [],
        response: { 200: shared(Health, 'It does') },
      },
    },
    async () => ({ status: 'ok' as const }),
  );

  server.get(
    '/readyz',
    {
      schema: {
        tags,
        operationId: 'getReadiness',
        summary: 'Tell whether the service can do its work',
        security: [],
        response: {
          200: shared(Readiness, 'Every check passed'),
          503: shared(Readiness, 'A check failed'),
        },
      },
    },
    async (_request, reply) => {
      const results = await Promise.all(
        Object.entries(readiness).map(async ([name, check]) => [name, await outcome(name, check)]),
      );
      const checks: Record<string, Outcome> = Object.fromEntries(results);
      const ready =
        !waits.closing.aborted && Object.values(checks).every(({ status }) => status === 'ok');
      return reply
        .code(ready ? 200 : 503)
        .send({ status: ready ? ('ready' as const) : ('unready' as const), checks });
    },
  );

  async function outcome(name: string, check: ReadinessCheck): Promise<Outcome> {
    try {
      await waits.within(settings.bounds.readinessMsMax, check);
      return { status: 'ok' };
    } catch (error) {
      const known = toAppError(error);
      log.warn({ check: name, code: known.code, err: known.cause ?? known }, 'not ready');
      return { status: 'failed', code: known.code };
    }
  }
}

type Outcome = { status: 'ok' | 'failed'; code?: string };
