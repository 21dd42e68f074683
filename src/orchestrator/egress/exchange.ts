// One request of a sandbox to its proxy, from its target to its end: allowed, dialled, metered, cut when it may not go on, and told of.
import type { Duplex } from 'node:stream';
import { budgetSpent } from './byte-meter.ts';
import { authorityOf, type Destination } from './destination.ts';
import { dial } from './dial.ts';
import { asRefusal, EgressRefusal } from './egress-refusal.ts';
import type { EgressHost, EgressTerms } from './egress-terms.ts';
import { MeteredSocket } from './metered-socket.ts';

/** How a request is answered, once it is known whether it may be made. */
export type Answer = {
  /** Its target; null where it cannot be read. */
  readonly destination: Destination | null;
  /** Its connection to the sandbox. */
  readonly client: Duplex;
  /** Does all of it over the connection to the host. */
  readonly run: (upstream: MeteredSocket, signal: AbortSignal) => Promise<void>;
  /** Says no, if nothing was said yet. */
  readonly refuse: (refusal: EgressRefusal) => void;
};

export class Exchange {
  readonly #host: EgressHost;
  readonly #sandboxId: string;
  readonly #terms: () => EgressTerms;
  readonly #answer: Answer;
  readonly #ended = new AbortController();

  constructor(host: EgressHost, sandboxId: string, terms: () => EgressTerms, answer: Answer) {
    this.#host = host;
    this.#sandboxId = sandboxId;
    this.#terms = terms;
    this.#answer = answer;
  }

  /** Never rejects. `admit` may throw an EgressRefusal. */
  async serve(admit: () => void): Promise<void> {
    const { client, destination, run, refuse } = this.#answer;
    const { clock, limits, observer } = this.#host;
    const startedAt = clock.monotonic();
    const { tenant, sessionId } = this.#terms();
    const gone = () =>
      this.cut(new EgressRefusal('connection_terminated', 'The request was given up'));
    client.once('close', gone);
    const cancelLimit = clock.after(limits.totalMsMax, () =>
      this.cut(new EgressRefusal('connection_timeout', 'The connection took longer than it may')),
    );
    let upstream: MeteredSocket | null = null;
    let refusal: EgressRefusal | null = null;
    try {
      admit();
      this.assertAllowed();
      upstream = await this.#connect(destination!);
      await run(upstream, this.#ended.signal);
    } catch (error) {
      refusal = asRefusal(this.#ended.signal.aborted ? this.#ended.signal.reason : error);
      refuse(refusal);
    } finally {
      cancelLimit();
      client.off('close', gone);
      upstream?.destroy();
    }
    observer.connectionEnded({
      tenant,
      sessionId,
      sandboxId: this.#sandboxId,
      host: destination?.host ?? null,
      port: destination?.port ?? null,
      refusal: refusal?.type ?? null,
      connected: upstream !== null,
      sentBytes: upstream?.sentBytes ?? 0,
      receivedBytes: upstream?.receivedBytes ?? 0,
      durationMs: clock.monotonic() - startedAt,
    });
  }

  /** Ends it, wherever it is. */
  cut(refusal: EgressRefusal): void {
    this.#ended.abort(refusal);
  }

  /** The terms have changed: goes on only if it still may. */
  review(): void {
    try {
      this.assertAllowed();
    } catch (error) {
      this.cut(asRefusal(error));
    }
  }

  /** Throws EgressRefusal. */
  assertAllowed(): void {
    const { destination } = this.#answer;
    if (destination === null)
      throw new EgressRefusal('http_request_error', 'The address is not one of http or https');
    const { allow, ceiling, meter } = this.#terms();
    if (!allow.allows(destination) || ceiling()?.allows(destination) === false)
      throw new EgressRefusal(
        'http_request_denied',
        `Host is not allowed: '${authorityOf(destination)}'`,
      );
    if (meter.exhausted) throw budgetSpent();
  }

  async #connect(destination: Destination): Promise<MeteredSocket> {
    const { signal } = this.#ended;
    const { limits } = this.#host;
    const dialling = { ...this.#host, connectMsMax: limits.connectMsMax };
    const socket = await dial(destination, dialling, signal);
    const upstream = new MeteredSocket(socket, this.#terms().meter);
    // Whoever uses it may be told of another error first.
    upstream.on('error', (error) => this.cut(asRefusal(error)));
    signal.addEventListener('abort', () => upstream.destroy(signal.reason), { once: true });
    socket.setTimeout(limits.idleMsMax, () =>
      this.cut(new EgressRefusal('connection_timeout', `'${destination.host}' does not answer`)),
    );
    return upstream;
  }
}
