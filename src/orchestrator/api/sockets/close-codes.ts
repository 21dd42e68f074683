// How a live connection can end, in one table; the reference of the live protocol is made from it.

export const closeCodes = {
  unsupportedData: { code: 1003, meaning: 'Binary frames, repeatedly. Messages are text.' },
  malformed: { code: 1007, meaning: 'Malformed JSON, repeatedly, or text that is not UTF-8.' },
  messageTooBig: {
    code: 1009,
    meaning: 'A message far over the size limit, or several over it.',
  },
  internal: { code: 1011, meaning: 'Something went wrong on our side.' },
  overloaded: {
    code: 1013,
    meaning: 'The service has as many live connections as it may have. Connect again later.',
  },
  unauthenticated: {
    code: 4001,
    meaning:
      'The ticket is unknown, used or too old: get a new one and connect again. Or the key, the token or the log-in has ended.',
  },
  forbidden: { code: 4003, meaning: 'The ticket is for another session.' },
  sessionNotFound: { code: 4004, meaning: 'There is no such session.' },
  tooSlow: {
    code: 4008,
    meaning:
      'Events were not read as fast as they came and the buffer is full. Connect again with `since` and read faster.',
  },
  sessionDeleted: { code: 4009, meaning: 'The session was deleted.' },
  goingAway: { code: 4010, meaning: 'The service is shutting down. Connect again with `since`.' },
  rateLimited: {
    code: 4029,
    meaning:
      'Too many messages, or too many connections to this session or of this tenant. Wait before trying again.',
  },
} as const satisfies Record<string, { code: number; meaning: string }>;

export type CloseReason = keyof typeof closeCodes;
