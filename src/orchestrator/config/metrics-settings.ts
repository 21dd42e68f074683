// Where the metrics are to be had, and from what they are read.
import { Type } from 'typebox';
import { count, milliseconds, minuteMs, secondMs, text } from './setting-types.ts';

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
    'Where the control groups of the machine with the sandboxes are mounted; what sandboxes use is read there. Where they are not to be seen, the container engine is asked, which is slower.',
  ),
  usageIntervalMs: milliseconds(
    10 * secondMs,
    [200, 10 * minuteMs],
    'How often every sandbox is measured and what it used is written down. A service that is killed loses at most what sandboxes and executions that ended in that time have used.',
  ),
  usageDays: count(
    400,
    [1, 36_500],
    'How long it is kept what each tenant used in each hour, days.',
  ),
  usageSessionDays: count(
    35,
    [1, 36_500],
    'How long it is kept what each session used in each hour, days. What they used stays part of what their tenants used.',
  ),
};
