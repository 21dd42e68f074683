// A process of its own that has many live connections to some sessions: what they take in the service's process is the service's. Told the addresses
// and how many, it says when all are open, and at the end what each was sent and how it was closed.
import { LiveClient } from './live-client.ts';

/** Connections that are opened at a time. */
const batchLength = 50;

export type CrowdOrder = {
  readonly addresses: readonly string[];
  readonly count: number;
  readonly headers: Record<string, string>;
};

/** How many of the connections were sent exactly these types in this order, and closed with this code. */
export type CrowdReport = Record<string, number>;

async function crowd({ addresses, count, headers }: CrowdOrder): Promise<void> {
  const clients: LiveClient[] = [];
  while (clients.length < count) {
    const open = (_: unknown, i: number) =>
      LiveClient.open(addresses[(clients.length + i) % addresses.length]!, headers);
    const length = Math.min(batchLength, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length }, open))));
  }
  process.send!('open');
  const report: CrowdReport = {};
  for (const client of clients) {
    const { code } = await client.closing();
    const key = [...client.messages.map(({ type }) => type), code].join(' ');
    report[key] = (report[key] ?? 0) + 1;
  }
  process.send!(report);
  process.disconnect();
}

process.once('message', (order) => void crowd(order as CrowdOrder));
