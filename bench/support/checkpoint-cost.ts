// What the policy `execution` adds to an execution: its state is on the disk before its result is told.
import type { Service } from '../../test/helpers/start-service.ts';
import type { BenchmarkRun } from './benchmark.ts';
import { DiskSync } from './disk-sync.ts';
import { type Findings, verdict } from './report.ts';
import type { ServiceClient } from './service-client.ts';
import { summarise } from './statistics.ts';

const turns = 30;
const warmUpTurns = 3;
const perTurn = 20;
const limitMs = 5;

export async function measureCheckpoints(
  run: BenchmarkRun,
  service: Service,
  client: ServiceClient,
): Promise<Findings> {
  run.progress('storing after every execution');
  await using disk = await DiskSync.in(service.dataDirectory);
  const policies = ['none', 'execution'] as const;
  const sessions = await Promise.all(
    policies.map(async (policy) => {
      const { id } = await client.createSession({ persistence: policy });
      const live = await client.live(id);
      await live.run('x = 0');
      return { id, name: `policy ${policy}`, once: () => live.run('x = x + 1'), live };
    }),
  );
  const participants = [...sessions, { name: 'durable write', once: () => disk.write() }];
  const samples = new Map(participants.map(({ name }) => [name, [] as number[]]));
  for (let turn = -warmUpTurns; turn < turns; turn++) {
    for (const { name, once } of participants) {
      run.signal.throwIfAborted();
      for (let i = 0; i < perTurn; i++) {
        const begun = performance.now();
        await once();
        if (turn >= 0) samples.get(name)!.push(performance.now() - begun);
      }
    }
  }
  for (const { id, live } of sessions) {
    live[Symbol.dispose]();
    await client.deleteSession(id);
  }
  const p50 = (name: string) => summarise(samples.get(name)!).p50;
  return {
    verdicts: [
      verdict(
        'what storing after every execution adds to it, median',
        p50('policy execution') - p50('policy none'),
        limitMs,
        'ms',
      ),
    ],
    tables: [
      {
        title: 'Execution of `x = x + 1` in a small session over a live connection, milliseconds',
        columns: ['', 'p50', 'p90', 'p99', 'samples'],
        rows: participants.map(({ name }) => {
          const { p50, p90, p99, count } = summarise(samples.get(name)!);
          return [name, p50, p90, p99, String(count)];
        }),
      },
    ],
    notes: [
      `The two sessions and the durable write (8 KiB and \`fdatasync\`) take turns, ${perTurn} times each.`,
    ],
  };
}
