// A network of one host, `example.org`, that answers by the path: what a program asks for is kept, and nothing leaves the test.
import {
  HostFailure,
  type Meter,
  type Network,
  type NetworkRequest,
  type NetworkResponse,
  type StopReason,
} from '#language';

export class FakeNetwork implements Network {
  readonly requests: NetworkRequest[] = [];
  /** What a request for `/stop` ends with. */
  readonly reason: StopReason = { type: 'CancelledError', message: 'Execution was cancelled' };

  request(request: NetworkRequest, meter: Meter): NetworkResponse | StopReason {
    this.requests.push(request);
    const { method, url, body, timeoutMs } = request;
    const [, host = '', path = ''] = /^https?:\/\/([^/]*)(.*)$/i.exec(url) ?? [];
    if (host !== 'example.org') {
      throw new HostFailure('NetworkError', `Host is not allowed: '${host}'`);
    }
    const status = /^\/status\/(\d+)$/.exec(path)?.[1];
    if (status !== undefined) return answer(Number(status), '');
    switch (path) {
      case '/hello':
        return answer(200, 'hello', [['content-type', 'text/plain']]);
      case '/json':
        return answer(200, '{"a": [1, 2]}', [['content-type', 'application/json']]);
      case '/echo': {
        const headers = Object.fromEntries(request.headers);
        return answer(200, JSON.stringify({ method, url, headers, body, timeoutMs }));
      }
      case '/headers':
        return answer(200, '', [
          ['x-one', '1'],
          ['__proto__', 'own'],
          ['2', 'two'],
        ]);
      case '/large':
        meter.allocate(2 ** 40);
        return answer(200, '');
      case '/stop':
        return this.reason;
      default:
        throw new HostFailure('NetworkError', `No answer from '${host}'`);
    }
  }
}

function answer(
  status: number,
  body: string,
  headers: readonly (readonly [string, string])[] = [],
): NetworkResponse {
  return { status, body, headers: new Map(headers) };
}
