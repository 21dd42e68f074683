// Is the service well, and do its users notice anything?
import type { Board } from '../board.ts';
import { of, quantile, rate, sum } from '../query.ts';

const apiRoutes = 'route=~"/api/.*"';

export const overview: Board = {
  uid: 'cellar-overview',
  title: 'Cellar / Overview',
  description: 'Whether the service is well, and what its users get of it.',
  rows: {
    Now: [
      {
        title: 'Sessions',
        description: 'Sessions that are stored, asleep or awake.',
        unit: 'short',
        stat: true,
        queries: { sessions: sum([], of('cellar_sessions')) },
      },
      {
        title: 'Live sandboxes',
        description: 'Containers that run or are paused, those included that wait for a session.',
        unit: 'short',
        stat: true,
        queries: { sandboxes: sum([], of('cellar_sandboxes', 'state="live"')) },
      },
      {
        title: 'Executions running',
        description: 'Executions that a sandbox is at now.',
        unit: 'short',
        stat: true,
        queries: { running: sum([], of('cellar_executions_running')) },
      },
      {
        title: 'Executions waiting',
        description: 'Executions that wait behind another of their session, or for its sandbox.',
        unit: 'short',
        stat: true,
        queries: { waiting: sum([], of('cellar_executions_queued')) },
      },
      {
        title: 'Live connections',
        description: 'Clients that follow a session over a WebSocket.',
        unit: 'short',
        stat: true,
        queries: { connections: sum([], of('cellar_websockets')) },
      },
      {
        title: 'Refusing new work',
        description: 'Above 0 while some instance is overloaded and answers 503 to new work.',
        unit: 'short',
        stat: true,
        queries: { instances: `max(${of('cellar_overloaded')})` },
      },
    ],
    Objectives: [
      {
        title: 'Failed requests',
        description:
          'Share of the requests to the API that were answered with a status of 500 or above. The objective is at most 0.1 % over 30 days.',
        unit: 'percentunit',
        queries: {
          '5 minutes': 'cellar:http_request_errors:ratio_rate5m',
          '1 hour': 'cellar:http_request_errors:ratio_rate1h',
        },
      },
      {
        title: 'Slow new sessions',
        description:
          'Share of the new sessions whose sandbox took longer than a second. The objective is at most 1 % over 30 days.',
        unit: 'percentunit',
        queries: {
          '5 minutes': 'cellar:session_create_slow:ratio_rate5m',
          '1 hour': 'cellar:session_create_slow:ratio_rate1h',
        },
      },
      {
        title: 'Error budgets used up',
        description:
          'How many times faster than the objectives allow the error budgets go, over one hour. Above 14.4 somebody is called.',
        unit: 'short',
        queries: {
          requests: 'cellar:http_request_errors:ratio_rate1h / 0.001',
          'new sessions': 'cellar:session_create_slow:ratio_rate1h / 0.01',
        },
      },
    ],
    Requests: [
      {
        title: 'Requests by outcome',
        description: 'Requests to the API, by the class of their status.',
        unit: 'reqps',
        stacked: true,
        queries: { '{{status}}': sum(['status'], rate('cellar_http_requests_total', apiRoutes)) },
      },
      {
        title: 'Requests by route',
        description: 'The ten routes that are asked for most.',
        unit: 'reqps',
        queries: {
          '{{method}} {{route}}': `topk(10, ${sum(['method', 'route'], rate('cellar_http_requests_total'))})`,
        },
      },
      {
        title: 'Shown in vain',
        description:
          'Keys that are wrong, tokens that are refused or mean no tenant and role here (claims), and tickets that are not good any more.',
        unit: 'reqps',
        stacked: true,
        queries: { '{{kind}}': sum(['kind'], rate('cellar_auth_failures_total')) },
      },
      {
        title: 'Slowest routes (95 %)',
        description:
          'The ten routes with the longest times, of which 95 % of the requests are below. Synchronous executions take as long as their code.',
        unit: 's',
        queries: {
          '{{method}} {{route}}': `topk(10, ${quantile(0.95, 'cellar_http_request_duration_seconds', ['method', 'route'])})`,
        },
      },
    ],
  },
};
