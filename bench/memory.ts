// What an idle session costs the machine in memory, the container's shim included, and what it costs the orchestrator.
// Beside it a Jupyter kernel, without a container.
import { startService } from '../test/helpers/start-service.ts';
import { type BenchmarkRun, runBenchmark } from './support/benchmark.ts';
import { JupyterKernel, jupyterMissing } from './support/jupyter.ts';
import { connectEngine } from './support/machine.ts';
import { type Memory, processMemory } from './support/process-memory.ts';
import { type Cell, type Findings, verdict } from './support/report.ts';
import { ServiceClient } from './support/service-client.ts';
import { type SessionCost, sessionCost } from './support/session-cost.ts';
import { median, summarise } from './support/statistics.ts';

const megabyte = 1e6;
const limitMegabytes = 40;
/** Sessions made and removed before anything is measured, so that one-time costs are not charged to the others. */
const warmUpSessions = 2;

await runBenchmark({
  name: 'memory',
  title: 'Memory of an idle session',
  rounds: 10,
  secondsMax: 60,
  measure,
});

async function measure(run: BenchmarkRun): Promise<Findings> {
  if (process.getuid?.() !== 0)
    throw new Error('looking at the memory of other users’ processes takes root');
  const docker = connectEngine();
  run.progress('starting the service and a Jupyter kernel');
  await using service = await startService({ CELLAR_LOG_LEVEL: 'info', CELLAR_POOL_MIN: '0' });
  using client = new ServiceClient(service.url, service.key);
  for (let i = 0; i < warmUpSessions; i++) {
    const session = await client.createSession();
    await client.execute(session.id);
    await client.deleteSession(session.id);
  }
  await using kernel = await JupyterKernel.start();
  // A kernel that has run something, as the sessions have.
  await kernel?.roundTripsMs(1);

  const orchestratorBefore = await processMemory(service.pid);
  const sandboxIds: string[] = [];
  for (const _round of run.rounds()) {
    const session = await client.createSession();
    await client.execute(session.id);
    sandboxIds.push((session.sandbox ?? (await client.session(session.id)).sandbox)!.id);
  }
  const orchestratorAfter = await processMemory(service.pid);
  run.progress('looking at the processes');
  const costs: SessionCost[] = [];
  for (const sandboxId of sandboxIds) {
    run.signal.throwIfAborted();
    costs.push(await sessionCost(docker, sandboxId));
  }
  const kernelMemory = kernel && (await processMemory(kernel.kernelPid));

  const privateMegabytes = costs.map(
    ({ container, shim }) => (container.privateBytes + shim.privateBytes) / megabyte,
  );
  const orchestratorGrowth =
    (orchestratorAfter.privateBytes - orchestratorBefore.privateBytes) / sandboxIds.length;
  return {
    verdicts: [
      verdict(
        'private memory of an idle session, shim included (median)',
        median(privateMegabytes),
        limitMegabytes,
        'MB',
      ),
    ],
    tables: [
      {
        title: 'Megabytes (10⁶ bytes) per session, median',
        columns: ['', 'private', 'proportional share'],
        rows: [
          memoryRow(
            'processes in the container',
            costs.map(({ container }) => container),
          ),
          memoryRow(
            'its shim',
            costs.map(({ shim }) => shim),
          ),
          [
            'control group, as the engine counts it',
            medianMegabytes(costs.map((cost) => cost.cgroupBytes)),
            '–',
          ],
          ['growth of the orchestrator', orchestratorGrowth / megabyte, '–'],
          ...(kernelMemory ? [memoryRow('a Jupyter kernel', [kernelMemory])] : []),
        ],
      },
    ],
    notes: [
      `${sandboxIds.length} sessions at once, each after one execution. Worst of them: ` +
        `${summarise(privateMegabytes).p99.toFixed(1)} MB private.`,
      'Private: pages that no other process has, by the kernel’s own accounting. The ' +
        'proportional share adds a part of those that several map: Node’s own code, mostly.',
      'The orchestrator’s growth holds whatever its garbage collector has not cleared away yet.',
      kernel
        ? `Jupyter: ${kernel.versions}; on the bare machine, without a container.`
        : jupyterMissing,
    ],
  };
}

function memoryRow(name: string, memories: readonly Memory[]): Cell[] {
  return [
    name,
    medianMegabytes(memories.map(({ privateBytes }) => privateBytes)),
    medianMegabytes(memories.map(({ proportionalBytes }) => proportionalBytes)),
  ];
}

function medianMegabytes(bytes: readonly number[]): number {
  return median(bytes) / megabyte;
}
