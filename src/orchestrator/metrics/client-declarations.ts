// The metrics of what clients and programs ask for over the network: requests, live connections, other hosts.
import { type ErrorCode, errorTable } from '../foundation/errors.ts';
import { counter, gauge, histogram } from './declaration.ts';

const route = { what: 'templates of routes, `none` where no route has the address', countMax: 200 };
const errorCodes = Object.keys(errorTable) as ErrorCode[];
const requestBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

export const clientDeclarations = {
  // --- clients ------------------------------------------------------------------------------------------------------
  cellar_http_requests_total: counter('number', 'Requests that were answered.', {
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    route,
    status: ['1xx', '2xx', '3xx', '4xx', '5xx'],
  }),
  cellar_http_request_duration_seconds: histogram(
    'seconds',
    'From a request’s head to the end of its reply; streams last as long as they are read.',
    requestBuckets,
    { method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], route },
  ),
  cellar_refusals_total: counter(
    'number',
    'Requests and live messages that were not served, by the code of the error.',
    { code: errorCodes },
  ),
  cellar_auth_failures_total: counter(
    'number',
    'Requests that showed who asks in vain: a wrong key, a token that is refused or means no tenant and role here (claims), a ticket that is unknown, used or too old, the cookie of a log-in that has ended, what a browser brought back from the provider (login).',
    { kind: ['key', 'token', 'claims', 'ticket', 'cookie', 'login'] },
  ),
  cellar_rate_limits_hit_total: counter(
    'number',
    'Requests with a key, executions of a tenant, wrong keys, tokens and tickets from an address (logins) and messages of a live connection that were too many.',
    { limit: ['requests', 'executions', 'logins', 'liveMessages'] },
  ),
  cellar_websockets: gauge('number', 'Live connections that are open.'),
  cellar_websocket_messages_sent_total: counter('number', 'Messages sent over live connections.'),
  cellar_websocket_closes_total: counter(
    'number',
    'Live connections that the service ended, by the reason; `tooSlow`: events were not read as fast as they came.',
    {
      reason: [
        'unsupportedData',
        'malformed',
        'messageTooBig',
        'internal',
        'overloaded',
        'unauthenticated',
        'forbidden',
        'sessionNotFound',
        'tooSlow',
        'sessionDeleted',
        'goingAway',
        'rateLimited',
      ],
    },
  ),
  // --- other hosts --------------------------------------------------------------------------------------------------
  cellar_egress_connections_total: counter(
    'number',
    'Connections to other hosts that programs asked for, at their end: by themselves, or why they were refused or cut.',
    {
      outcome: [
        'ended',
        'http_request_error',
        'http_request_denied',
        'destination_ip_prohibited',
        'connection_limit_reached',
        'dns_error',
        'destination_unavailable',
        'connection_refused',
        'connection_terminated',
        'connection_timeout',
        'dns_timeout',
      ],
    },
  ),
  cellar_egress_bytes_total: counter(
    'bytes',
    'Bytes on connections to other hosts, counted when a connection ends.',
    { direction: ['sent', 'received'] },
  ),
} as const;
