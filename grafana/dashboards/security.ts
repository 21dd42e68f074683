// Who is turned away, what runs into its limits, what breaks its promises, and whether all of it is noted.
import type { Board } from '../board.ts';
import { of, rate, sum } from '../query.ts';

const missing =
  'code=~"not_found|method_not_allowed|(session|execution|variable|snapshot|file|tenant|key)_not_found"';

export const security: Board = {
  uid: 'cellar-security',
  title: 'Cellar / Security',
  description:
    'Who is turned away, what runs into its limits, which sandboxes broke the rules, and whether all of it is noted.',
  rows: {
    'Turned away': [
      {
        title: 'Not known (401)',
        description:
          'What was shown in vain: a wrong key, a token that is refused or means no tenant and role here (claims), a ticket; and all requests that came without any proof. Many mean a client with a key that has ended, or somebody who guesses; the audit log has their addresses.',
        unit: 'reqps',
        queries: {
          'wrong {{kind}}': sum(['kind'], rate('cellar_auth_failures_total')),
          'all that are not known': sum(
            [],
            rate('cellar_refusals_total', 'code="unauthenticated"'),
          ),
          'too many from one address': sum(
            [],
            rate('cellar_rate_limits_hit_total', 'limit="logins"'),
          ),
        },
      },
      {
        title: 'Not allowed (403, 421)',
        description:
          'By the code: a key without the role (forbidden), a page of another origin (origin_forbidden), a name that is not ours (host_forbidden). The last two never come from a working client.',
        unit: 'reqps',
        queries: {
          '{{code}}': sum(
            ['code'],
            rate('cellar_refusals_total', 'code=~"forbidden|origin_forbidden|host_forbidden"'),
          ),
        },
      },
      {
        title: 'Not there (404, 405)',
        description:
          'What does not exist, or belongs to another tenant: the answer is the same. Many in a short time are somebody who tries names.',
        unit: 'reqps',
        queries: { '{{code}}': sum(['code'], rate('cellar_refusals_total', missing)) },
      },
      {
        title: 'Too often or too much',
        description: 'Rates that were used up, and places that were taken, by the code.',
        unit: 'reqps',
        queries: {
          'rate of {{limit}}': sum(['limit'], rate('cellar_rate_limits_hit_total')),
          '{{code}}': sum(
            ['code'],
            rate(
              'cellar_refusals_total',
              'code=~"tenant_limit|queue_full|payload_too_large|overloaded"',
            ),
          ),
        },
      },
      {
        title: 'Live connections that were ended',
        description:
          'By the service, and why. Malformed, binary and oversized messages come from no working client.',
        unit: 'ops',
        queries: { '{{reason}}': sum(['reason'], rate('cellar_websocket_closes_total')) },
      },
      {
        title: 'Archives and paths that were refused',
        description:
          'Imported archives by what is wrong with them, and paths that would have led out of a workspace.',
        unit: 'ops',
        queries: {
          '{{reason}}': sum(['reason'], rate('cellar_archives_refused_total')),
          'path refused': sum([], rate('cellar_refusals_total', 'code="path_refused"')),
        },
      },
    ],
    'Limits of sandboxes': [
      {
        title: 'Limits that were hit',
        description:
          'By kind: memory of values or of the sandbox, size of the output, time, starts of processes (pids). Fork bombs show as pids.',
        unit: 'ops',
        queries: { '{{limit}}': sum(['limit'], rate('cellar_limits_hit_total')) },
      },
      {
        title: 'Standing still for processors',
        description:
          'Seconds a second in which sandboxes had used up their limit of processors, by tenant.',
        unit: 'short',
        stacked: true,
        queries: {
          '{{tenant}}': sum(['tenant'], rate('cellar_tenant_cpu_throttled_seconds_total')),
        },
      },
      {
        title: 'Processes and threads',
        description: 'In all sandboxes of a tenant. A sandbox that waits has about a dozen.',
        unit: 'short',
        stacked: true,
        queries: { '{{tenant}}': sum(['tenant'], of('cellar_tenant_pids')) },
      },
      {
        title: 'Other hosts: refused',
        description:
          'Connections that were not made, or were cut: a host that is not on the list (http_request_denied), an address that is none of the public internet (destination_ip_prohibited), too many at a time or for too long.',
        unit: 'ops',
        queries: {
          '{{outcome}}': sum(
            ['outcome'],
            rate('cellar_egress_connections_total', 'outcome!="ended"'),
          ),
        },
      },
      {
        title: 'Other hosts: traffic',
        description: 'Bytes on connections that have ended, by direction.',
        unit: 'Bps',
        queries: { '{{direction}}': sum(['direction'], rate('cellar_egress_bytes_total')) },
      },
    ],
    'Broken promises': [
      {
        title: 'Sandboxes that broke the protocol',
        description:
          'Agents that sent what no agent sends, or did not stop when they were told to: code has taken over its sandbox, or there is a bug. The log has the session.',
        unit: 'ops',
        queries: {
          '{{reason}}': sum(
            ['reason'],
            rate('cellar_sandbox_losses_total', 'reason=~"protocol|unresponsive"'),
          ),
        },
      },
      {
        title: 'Sandboxes that were lost or did not start',
        description: 'All others: exited, out of memory, away, gone, and starts that failed.',
        unit: 'ops',
        queries: {
          '{{reason}}': sum(
            ['reason'],
            rate('cellar_sandbox_losses_total', 'reason!~"protocol|unresponsive"'),
          ),
          'did not start': sum([], rate('cellar_sandbox_start_failures_total')),
        },
      },
    ],
    'Audit log': [
      {
        title: 'Whole',
        description:
          'Above 0 when the last look at the newest records found their chain broken: verify the log, and keep a copy of the registry.',
        unit: 'short',
        stat: true,
        queries: { broken: `max(${of('cellar_audit_broken')})` },
      },
      {
        title: 'Growth',
        description: 'Records a second, and those that could not be written at the first attempt.',
        unit: 'ops',
        queries: {
          records: sum([], rate('cellar_audit_records_total')),
          'attempts that failed': sum([], rate('cellar_audit_write_failures_total')),
        },
      },
      {
        title: 'Not in it',
        description:
          'Events without a record of their own: the log could not be written for too long (dropped), or too many requests came without a key (suppressed).',
        unit: 'ops',
        queries: { '{{reason}}': sum(['reason'], rate('cellar_audit_losses_total')) },
      },
      {
        title: 'Looks at the chain',
        description: 'Each hour the newest records are verified, by outcome.',
        unit: 'short',
        queries: { '{{outcome}}': sum(['outcome'], of('cellar_audit_checks_total')) },
      },
    ],
  },
};
