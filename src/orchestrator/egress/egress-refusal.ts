// Why the proxy did not do what it was asked for. The names are those of RFC 9209, as they stand in the reply.

/** Error types of `Proxy-Status`, with the status of the reply. */
const refusals = {
  http_request_error: 400,
  http_request_denied: 403,
  destination_ip_prohibited: 403,
  connection_limit_reached: 429,
  dns_error: 502,
  destination_unavailable: 502,
  connection_refused: 502,
  connection_terminated: 502,
  connection_timeout: 504,
  dns_timeout: 504,
} as const;

export type RefusalType = keyof typeof refusals;
export const refusalTypes = Object.keys(refusals) as readonly RefusalType[];

/** `message` is for the program: it names nothing but what the program asked for. */
export class EgressRefusal extends Error {
  override readonly name = 'EgressRefusal';
  readonly type: RefusalType;

  constructor(type: RefusalType, message: string) {
    super(message);
    this.type = type;
  }

  get status(): number {
    return refusals[this.type];
  }

  /** Value of the `Proxy-Status` header. */
  get proxyStatus(): string {
    const details = this.message.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&');
    return `cellar; error=${this.type}; details="${details}"`;
  }
}

/** Whatever went wrong as what a program is told of it. */
export function asRefusal(error: unknown): EgressRefusal {
  if (error instanceof EgressRefusal) return error;
  return new EgressRefusal('connection_terminated', 'The connection was lost');
}
