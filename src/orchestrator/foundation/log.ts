// Logs are facts with ids: one JSON line an event, never source code, output or secrets.
import { pino } from 'pino';

/** The part of pino that the layers use. */
export type Log = Pick<
  import('pino').Logger,
  'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
>;

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The process's logger, on standard error. */
export function createLog(level: (typeof logLevels)[number]): import('pino').Logger {
  return pino(
    {
      level,
      base: null,
      redact: {
        paths: ['req.headers.authorization', '*.key', '*.token', '*.authorization'],
        censor: '[redacted]',
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
