// Where the metrics are to be had, and from what they are read.
import { Type } from 'typebox';
import { text } from './setting-types.ts';

export const metricsSettings = {
  metricsHost: text(
    '127.0.0.1',
    'Address that the metrics are served on, where they have a port of their own. Any other than a loopback one needs `CELLAR_METRICS_TOKEN`.',
  ),
  metricsPort: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65_535,
      description:
        'Port that the metrics are served on; 0 takes a free one. Without it they are at `/metrics` of the main port, for administrators and holders of the token.',
    }),
  ),
  metricsToken: Type.Optional(
    Type.String({
      minLength: 32,
      maxLength: 256,
      pattern: '^[!-~]+$',
      description:
        'A token that opens the metrics and nothing else: at least 32 printable characters without spaces. Sent as `Authorization: Bearer …`.',
    }),
  ),
  controlGroupsDir: text(
    '/sys/fs/cgroup',
    'Where the control groups of the machine with the sandboxes are mounted; what sandboxes use is read there for the metrics.',
  ),
};
