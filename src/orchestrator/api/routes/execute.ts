// Runs code: the reply waits for the end, or comes at once, or is the stream of its events.
import type { FastifyReply } from 'fastify';
import { AppError } from '../../foundation/errors.ts';
import type { ExecutionRecord, IdempotencyKey } from '../../registry/records.ts';
import type { IdempotentReply } from '../../registry/session-registry.ts';
import type { ExecuteRequest } from '../../sessions/session-service.ts';
import type { ApiServer } from '../api-server.ts';
import { clientGone } from '../client-gone.ts';
import { acceptedReply, executeMode, executionAddress } from '../execute-request.ts';
import { type StreamShares, streamExecution } from '../execution-stream.ts';
import type { Idempotency, IdempotentRequest } from '../idempotency.ts';
import { sendJson } from '../json-reply.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import type { Rates } from '../rates.ts';
import { Execution } from '../schemas/reply.ts';
import { ExecuteBody, ExecuteHeaders, SessionParams } from '../schemas/request.ts';
import { problem, shared, sharedOrEvents } from '../schemas/route-schema.ts';
import { checkTimeout } from '../session-settings.ts';
import { allowSilence } from '../silent-wait.ts';
import { boundsOf } from '../tenant-bounds.ts';
import { executionJson } from '../views.ts';
import type { Waits } from '../waits.ts';

export function executeRoutes(
  server: ApiServer,
  api: ApiParts,
  waits: Waits,
  idempotency: Idempotency,
  streams: StreamShares,
  rates: Rates,
): void {
  const { sessions, settings } = api;

  server.post(
    '/api/sessions/:id/execute',
    {
      bodyLimit: settings.bounds.executeBytesMax,
      config: { newWork: true },
      schema: {
        tags: ['Executing'],
        operationId: 'execute',
        summary: 'Execute code',
        description:
          'Replies when the execution has ended; a client that disconnects before cancels it. With `Prefer: respond-async` it replies at once, with `Accept: text/event-stream` it sends the live events until the end.',
        params: SessionParams,
        headers: ExecuteHeaders,
        body: ExecuteBody,
        response: {
          200: sharedOrEvents(Execution, 'The execution has ended, whatever its status'),
          202: shared(Execution, 'The execution is queued; its address is in `Location`'),
          ...problem,
        },
      },
    },
    async (request, reply) => {
      const { tenant } = callerOf(request);
      const { body, headers } = request;
      checkTimeout(body.timeout, boundsOf(settings, api.tenants.find(tenant)), '/timeout');
      const mode = executeMode(headers);
      const key = headers['idempotency-key'];
      // An idempotency key belongs to the session, however the address names it.
      const needsId = key !== undefined || mode === 'stream';
      const sessionId = needsId
        ? (await sessions.find(tenant, request.params.id)).record.sessionId
        : request.params.id;
      const repeatable: IdempotentRequest = {
        tenant,
        route: `POST execute ${sessionId}`,
        key,
        content: { mode, body },
      };
      const gone = clientGone(reply);
      const submit = async (idempotencyKey?: IdempotencyKey) => {
        await rates.countExecution(request, reply);
        const asked = { ...toExecuteRequest(body), idempotencyKey };
        const record = await sessions.submit(tenant, sessionId, asked, gone);
        request.subject = { sessionId: record.sessionId, executionId: record.executionId };
        return record;
      };
      const recall = async (executionId: string) =>
        (await sessions.execution(tenant, sessionId, executionId)).record;
      const accept = {
        act: async (idempotencyKey?: IdempotencyKey) => acceptedReply(await submit(idempotencyKey)),
        recall: async (made: string) => acceptedReply(await recall(made)),
      };
      switch (mode) {
        case 'wait': {
          const ended = (execution: ExecutionRecord) =>
            endedReply(api, waits, reply, tenant, execution);
          const { reply: sent, replayed } = await idempotency.run(repeatable, {
            act: async (idempotencyKey) => ended(await submit(idempotencyKey)),
            recall: async (made) => ended(await recall(made)),
          });
          return sendJson(reply, sent, replayed);
        }
        case 'background': {
          const { reply: sent, replayed } = await idempotency.run(repeatable, accept);
          reply.header('preference-applied', 'respond-async');
          return sendJson(reply, sent, replayed);
        }
        case 'stream': {
          // Before anything runs: an execution whose events cannot be told is not begun.
          streams.places.take({ tenant, sessionId }, reply.raw);
          const seen = headers['last-event-id'];
          const before = await newestSeq(api, tenant, sessionId);
          const { reply: accepted, replayed } = await idempotency.run(repeatable, accept);
          const { executionId } = JSON.parse(accepted.body) as { executionId: string };
          reply.header('location', accepted.headers.location);
          if (replayed) reply.header('idempotency-replayed', 'true');
          await streamExecution(api, waits, streams, reply, {
            tenant,
            sessionId,
            executionId,
            since: seen === undefined ? (replayed ? 0 : before) : Number(seen),
            resumed: seen !== undefined,
          });
          return reply;
        }
      }
    },
  );
}

/** Waits for the end; a client that goes before that cancels it. */
async function endedReply(
  { sessions, settings, log }: ApiParts,
  waits: Waits,
  reply: FastifyReply,
  tenant: string,
  execution: ExecutionRecord,
): Promise<IdempotentReply> {
  const { executionId, sessionId } = execution;
  const cancel = () => {
    sessions.cancel(tenant, sessionId, executionId).catch((error: unknown) => {
      // It ended by itself in the meantime, or the service goes down; the record tells.
      log.debug({ executionId, err: error }, 'abandoned execution not cancelled');
    });
  };
  const { raw } = reply;
  allowSilence(reply);
  raw.once('close', cancel);
  if (raw.destroyed) cancel();
  try {
    const view = await waits.within(
      execution.timeoutMs + settings.bounds.queueWaitMsMax,
      (signal) => sessions.ended(tenant, sessionId, executionId, signal),
    );
    return { status: 200, headers: {}, body: JSON.stringify(executionJson(view)) };
  } catch (error) {
    reply.header('location', executionAddress(execution));
    if (!(error instanceof AppError) || error.code !== 'deadline_exceeded') throw error;
    throw new AppError('deadline_exceeded', {
      detail: `The execution has not ended yet. It goes on as ${executionId}.`,
      cause: error,
    });
  } finally {
    raw.off('close', cancel);
  }
}

function toExecuteRequest(body: ExecuteBody): ExecuteRequest {
  const { code, timeout, captureOutput, stdin, profile } = body;
  return {
    code,
    ...(timeout === undefined ? {} : { timeout }),
    ...(captureOutput === undefined ? {} : { captureOutput }),
    ...(stdin === undefined ? {} : { stdin }),
    ...(profile === undefined ? {} : { profile }),
  };
}

/** A number below those of all events to come. */
async function newestSeq({ sessions }: ApiParts, tenant: string, sessionId: string) {
  const silent = { event: () => {}, close: () => {} };
  const subscription = await sessions.follow(tenant, sessionId, { connection: false }, silent);
  subscription.unsubscribe();
  return subscription.since;
}
