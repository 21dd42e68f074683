// How many connections and requests clients may have at a time, and how much may wait for those who do not read.
import { Type } from 'typebox';
import { bytes, count, GiB, KiB, MiB } from './setting-types.ts';

function ofTenant(what: string) {
  return Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description: `${what} of one tenant; without it as many as of all.`,
    }),
  );
}

function perMinute(what: string) {
  return Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      description: `${what} within a minute, where the tenant has no limit of its own; without it as many as come.`,
    }),
  );
}

export const connectionSettings = {
  requestsPerMinuteMax: perMinute('Requests with one key'),
  tenantExecutionsPerMinuteMax: perMinute('Executions of one tenant'),
  failedLoginsPerMinuteMax: count(
    60,
    [1, 1_000_000],
    'Wrong keys from one address within a minute that are answered with 401; the next ones with 429.',
  ),
  outgoingBytesMax: bytes(
    16 * MiB,
    [64 * KiB, GiB],
    'Unsent bytes for one live client, past which it is too slow and disconnected.',
  ),
  outgoingBytesTotalMax: bytes(
    256 * MiB,
    [MiB, 1024 * GiB],
    'Unsent bytes for all live clients and event streams together, past which those with the most are dropped.',
  ),
  liveConnectionsMax: count(5000, [1, 1_000_000], 'Live connections of all tenants.'),
  tenantLiveConnectionsMax: ofTenant('Live connections'),
  liveConnectionsPerSessionMax: count(64, [1, 10_000], 'Live connections to one session.'),
  eventStreamsMax: count(
    2000,
    [1, 1_000_000],
    'Event streams of all tenants. Each is a request that is under way, too.',
  ),
  tenantEventStreamsMax: ofTenant('Event streams'),
  eventStreamsPerSessionMax: count(64, [1, 10_000], 'Event streams of one session.'),
  requestsMax: count(
    4000,
    [1, 1_000_000],
    'Requests of all tenants under way that create or execute, those that wait for an end included; and as many others.',
  ),
  tenantRequestsMax: ofTenant('Such requests'),
  tcpConnectionsMax: count(10_000, [1, 1_000_000], 'Connections of all clients.'),
  anonymousConnectionsMax: count(
    1000,
    [1, 1_000_000],
    'Of those, connections over which no request with a valid key has come yet; no more than a quarter of the files that the service may have open. When there are more, the oldest of them is closed.',
  ),
};
