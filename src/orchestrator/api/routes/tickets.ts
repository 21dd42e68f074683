// One-time tickets, with which a browser opens a live connection without showing a key.
import type { ApiServer } from '../api-server.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import { Ticket } from '../schemas/reply.ts';
import { TicketBody } from '../schemas/request.ts';
import { problem, shared } from '../schemas/route-schema.ts';
import { timeText } from '../views.ts';

export function ticketRoutes(server: ApiServer, { sessions, tickets }: ApiParts): void {
  server.post(
    '/api/tickets',
    {
      schema: {
        tags: ['Access'],
        operationId: 'createTicket',
        summary: 'Get a ticket for a live connection to one session',
        body: TicketBody,
        response: { 201: shared(Ticket, 'Good for one connection within 30 seconds'), ...problem },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { record } = await sessions.find(caller.tenant, request.body.session);
      const { ticket, expiresAt } = tickets.issue(caller, record.sessionId);
      return reply
        .code(201)
        .send({ ticket, session: record.sessionId, expiresAt: timeText(expiresAt) });
    },
  );
}
