// How much the sandboxes of all sessions may take, and of each tenant's, and how long anybody waits for that.
import { Type } from 'typebox';
import { bytes, count, GiB, MiB, milliseconds, minuteMs, secondMs } from './setting-types.ts';

export const admissionSettings = {
  hostMemoryBytes: Type.Optional(
    Type.Integer({
      minimum: 64 * MiB,
      maximum: 2 ** 50,
      unit: 'bytes',
      description:
        'Memory of the machine that the sandboxes run on; without it that of the machine that the service runs on.',
    }),
  ),
  hostCpus: Type.Optional(
    Type.Number({
      minimum: 0.01,
      maximum: 4096,
      description:
        'Processors of the machine that the sandboxes run on; without it those of the machine that the service runs on.',
    }),
  ),
  memoryOvercommit: Type.Number({
    default: 4,
    minimum: 0.1,
    maximum: 1000,
    description:
      'How many times that memory the limits of all live sessions may add up to. An idle session takes about an eighth of the default limit.',
  }),
  cpuOvercommit: Type.Number({
    default: 128,
    minimum: 0.1,
    maximum: 10_000,
    description:
      'How many times those processors the limits of all sessions that are not paused may add up to.',
  }),
  tenantSessionsMax: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description: 'Sessions of one tenant that have a sandbox; without it as many as of all.',
    }),
  ),
  tenantMemoryBytesMax: Type.Optional(
    Type.Integer({
      minimum: 64 * MiB,
      maximum: 2 ** 50,
      unit: 'bytes',
      description: 'What their memory limits may add up to; without it as much as of all.',
    }),
  ),
  tenantCpusMax: Type.Optional(
    Type.Number({
      minimum: 0.01,
      maximum: 10_000_000,
      description:
        'What the processors of those that are not paused may add up to; without it as many as of all.',
    }),
  ),
  startsAtOnceMax: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1000,
      description:
        'Sandboxes that are started at once for sessions; the next ones wait for their turn. Without it one more than the host has processors: a start costs little else, so that more at once make all of them late, and what runs beside them.',
    }),
  ),
  loopDelayMsMax: milliseconds(
    secondMs,
    [50, minuteMs],
    'How late the service may be with everything before it refuses new work.',
  ),
  processMemoryBytesMax: bytes(
    2 * GiB,
    [256 * MiB, 1024 * GiB],
    'Memory of the service itself, without the sandboxes, above which it refuses new work.',
  ),
  admissionMsMax: milliseconds(
    15 * secondMs,
    [0, 10 * minuteMs],
    'How long a request waits for room for a sandbox before it is refused.',
  ),
  admissionWaitingMax: count(1000, [1, 100_000], 'Requests of all tenants that wait for room.'),
  tenantAdmissionWaitingMax: count(200, [1, 100_000], 'Requests of one tenant that wait for room.'),
};
