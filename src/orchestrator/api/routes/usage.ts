// What tenants and their sessions have used. It goes on growing while somebody pages through it: so a page names the next one, and no
// total.
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { AppError } from '../../foundation/errors.ts';
import { hourMs } from '../../registry/usage-records.ts';
import type { UsageSpan } from '../../registry/usage-registry.ts';
import {
  dayMs,
  type UsageInterval,
  type UsagePlace,
  type UsageRow,
} from '../../usage/usage-report.ts';
import type { ApiServer } from '../api-server.ts';
import { clientGone } from '../client-gone.ts';
import { transferSignal } from '../long-transfer.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import { pageLimitDefault } from '../schemas/request.ts';
import { problem, shared } from '../schemas/route-schema.ts';
import { UsageList, UsageQuery } from '../schemas/usage.ts';
import { csv, csvHeader, usageJson } from '../usage-views.ts';
import { timeText } from '../views.ts';
import type { Waits } from '../waits.ts';

const msMax = { hour: 31 * dayMs, day: 400 * dayMs, total: 400 * dayMs };
const rowsAtOnce = 100;

export function usageRoutes(
  server: ApiServer,
  { usage, clock, settings }: ApiParts,
  waits: Waits,
): void {
  server.get(
    '/api/usage',
    {
      schema: {
        tags: ['Operations'],
        operationId: 'listUsage',
        summary: 'Tell what tenants and sessions have used',
        description:
          'Admins see all tenants, others the one that they act in. Sessions in which nothing was used in that time are left out, those that are deleted are not.',
        querystring: UsageQuery,
        response: {
          200: {
            description: 'A page of rows, or all of them as CSV',
            content: {
              'application/json': { schema: shared(UsageList, 'A page of rows') },
              'text/csv': { schema: Type.Unsafe<Readable>({ type: 'string' }) },
            },
          },
          ...problem,
        },
      },
    },
    async (request, reply) => {
      const { by = 'tenant', interval = 'total', limit, cursor } = request.query;
      const tenant = tenantOf(callerOf(request), request.query.tenant);
      const span = spanOf(request.query, interval, clock.now());
      const question = { tenant, by, interval, span };
      const after = cursor === undefined ? null : placeOf(cursor);
      if (wantsCsv(request.query.format, request.headers.accept)) {
        const signal = transferSignal(reply, waits, settings.bounds.transferMsMax);
        const rows = first(usage.rows(question, after, signal), limit);
        reply.header('content-disposition', 'attachment; filename="usage.csv"');
        return reply.type('text/csv; charset=utf-8').send(Readable.from(lines(rows)));
      }
      const count = limit ?? pageLimitDefault;
      const rows = await waits.within(
        settings.bounds.questionMsMax,
        // One more, to know whether there is any.
        (signal) => collected(first(usage.rows(question, after, signal), count + 1)),
        clientGone(reply),
      );
      const page = rows.slice(0, count);
      return {
        items: page.map(usageJson),
        limit: count,
        next: rows.length > count ? cursorOf(page.at(-1)!) : null,
        from: timeText(span.from),
        to: timeText(span.to),
      };
    },
  );
}

/** Null: all. Throws `forbidden`. */
function tenantOf(
  caller: { readonly tenant: string; readonly role: string },
  asked: string | undefined,
): string | null {
  if (caller.role === 'admin') return asked ?? null;
  if (asked !== undefined && asked !== caller.tenant)
    throw new AppError('forbidden', { detail: 'This key sees its own tenant only.' });
  return caller.tenant;
}

/** In whole hours or days. Throws `invalid_request`. */
function spanOf(
  asked: { readonly from?: string; readonly to?: string },
  interval: UsageInterval,
  now: number,
): UsageSpan {
  const unitMs = interval === 'day' ? dayMs : hourMs;
  // The present hour is part of what is asked for, also in its first moment.
  const to = Math.ceil(timeOf('/to', asked.to, now + 1) / unitMs) * unitMs;
  const from = Math.floor(timeOf('/from', asked.from, to - dayMs) / unitMs) * unitMs;
  if (from >= to) throw refused('/from', 'must be before `to`');
  if (to - from > msMax[interval])
    throw refused('/from', `must be at most ${msMax[interval] / dayMs} days before \`to\``);
  return { from, to };
}

function timeOf(field: string, text: string | undefined, otherwise: number): number {
  const time = text === undefined ? otherwise : Date.parse(text);
  if (Number.isFinite(time)) return time;
  throw refused(field, 'must be a date and time');
}

function wantsCsv(format: 'json' | 'csv' | undefined, accept: string | undefined): boolean {
  if (format !== undefined) return format === 'csv';
  return /^\s*text\/csv\s*(;|,|$)/i.test(accept ?? '');
}

async function* first(rows: AsyncIterable<UsageRow>, count = Number.POSITIVE_INFINITY) {
  let left = count;
  for await (const row of rows) {
    yield row;
    if (--left <= 0) return;
  }
}

async function collected(rows: AsyncIterable<UsageRow>): Promise<UsageRow[]> {
  const all: UsageRow[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

async function* lines(rows: AsyncIterable<UsageRow>): AsyncGenerator<string> {
  yield csvHeader;
  let some: UsageRow[] = [];
  for await (const row of rows) {
    some.push(row);
    if (some.length < rowsAtOnce) continue;
    yield csv(some.map(usageJson));
    some = [];
  }
  if (some.length > 0) yield csv(some.map(usageJson));
}

function cursorOf({ tenant, sessionId, from }: UsagePlace): string {
  return Buffer.from(JSON.stringify([tenant, sessionId, from])).toString('base64url');
}

/** Throws `invalid_request`. */
function placeOf(cursor: string): UsagePlace {
  try {
    const [tenant, sessionId, from] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (typeof tenant === 'string' && typeof sessionId === 'string' && Number.isInteger(from))
      return { tenant, sessionId, from };
  } catch {
    // Told below.
  }
  throw refused('/cursor', 'must be `next` of a page');
}

function refused(field: string, message: string): AppError {
  return new AppError('invalid_request', { fields: [{ field, message }] });
}
