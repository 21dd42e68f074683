// A workspace of 64 MB into the store and back, through the orchestrator: how fast, in how much memory, and what another
// session notices of it.
import { readFile, writeFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import { containerName } from '../../src/orchestrator/runtimes/docker/container-options.ts';
import type { Service } from '../../test/helpers/start-service.ts';
import type { BenchmarkRun } from './benchmark.ts';
import { type Findings, verdictAtLeast } from './report.ts';
import type { LiveSocket, ServiceClient } from './service-client.ts';
import type { ServiceLog } from './service-log.ts';
import { median, summarise } from './statistics.ts';
import { fillWorkspace, type WorkspaceKind, workspaceKinds } from './workspace-content.ts';

const roundsPerKind = 6;
const quietCount = 200;
const limitMegabytesPerSecond = 150;
const megabyte = 1e6;
const workspaceBytes = 64 * megabyte;
const limits = { memoryBytes: 512 * 2 ** 20, workspaceBytes: 128 * 2 ** 20 };

type Participants = {
  readonly docker: Docker;
  readonly service: Service;
  readonly client: ServiceClient;
  readonly log: ServiceLog;
};

/** Samples of one kind of content: megabytes per second, ms and bytes. */
type Measured = {
  readonly stored: number[];
  readonly storedAgain: number[];
  readonly storedBeside: number[];
  readonly restored: number[];
  readonly rollbackMs: number[];
  readonly storedShare: number[];
  readonly orchestratorBytes: number[];
  readonly agentBytes: number[];
  readonly quietMs: number[];
  readonly besideMs: number[];
};

export async function measureTransfer(
  run: BenchmarkRun,
  participants: Participants,
): Promise<Findings> {
  const { client, service } = participants;
  const other = await client.createSession();
  using live = await client.live(other.id);
  const restBytes = await statusBytes(service.pid, 'VmRSS');
  const measured = new Map<WorkspaceKind, Measured>();
  for (const kind of workspaceKinds) {
    run.progress(`64 MB, ${kind}`);
    measured.set(kind, await measureKind(run, participants, kind, live));
  }
  await client.deleteSession(other.id);
  const each = [...measured];
  const speeds = (what: 'stored' | 'restored') =>
    each.map(([kind, samples]) =>
      verdictAtLeast(
        `64 MB, ${kind}, ${what}`,
        median(samples[what]),
        limitMegabytesPerSecond,
        'MB/s',
      ),
    );
  const row = (name: string, of: (samples: Measured) => number) => [
    name,
    ...each.map(([, samples]) => of(samples)),
  ];
  return {
    verdicts: [...speeds('stored'), ...speeds('restored')],
    tables: [
      {
        title: 'A workspace of 64 MB, medians',
        columns: ['', ...each.map(([kind]) => kind)],
        rows: [
          row('stored, MB/s', ({ stored }) => median(stored)),
          row('stored again unchanged, MB/s', ({ storedAgain }) => median(storedAgain)),
          row('stored beside another session’s executions, MB/s', ({ storedBeside }) =>
            median(storedBeside),
          ),
          row('restored, MB/s', ({ restored }) => median(restored)),
          row('rollback, whole, ms', ({ rollbackMs }) => median(rollbackMs)),
          row('of it on the disk, share', ({ storedShare }) => median(storedShare)),
          row(
            'orchestrator’s memory at most while storing, MB',
            ({ orchestratorBytes }) => Math.max(...orchestratorBytes) / megabyte,
          ),
          row(
            'agent’s memory above its rest, at most while storing, MB',
            ({ agentBytes }) => Math.max(...agentBytes) / megabyte,
          ),
          row(
            'another session’s execution, quiet, p50, ms',
            ({ quietMs }) => summarise(quietMs).p50,
          ),
          row('the same, quiet, p99', ({ quietMs }) => summarise(quietMs).p99),
          row('the same while storing, p50', ({ besideMs }) => summarise(besideMs).p50),
          row('the same while storing, p99', ({ besideMs }) => summarise(besideMs).p99),
        ],
      },
    ],
    notes: [
      'Incompressible: random bytes. Text: lines of a log, made anew for each round. Each in 16 files; the session has one processor.',
      'Stored and restored: from asking the agent to the answer, by the service’s own log; a container’s start is not in it. ' +
        'Memory is what the kernel counts as resident, shared pages included; files of a workspace are not in it. ' +
        `The orchestrator had ${(restBytes / megabyte).toFixed(0)} MB before the first of these transfers.`,
      'The other session executes `1+1` over its live connection, again and again.',
      `${roundsPerKind} rounds for each kind.`,
    ],
  };
}

async function measureKind(
  run: BenchmarkRun,
  { docker, service, client, log }: Participants,
  kind: WorkspaceKind,
  live: LiveSocket,
): Promise<Measured> {
  const measured: Measured = {
    stored: [],
    storedAgain: [],
    storedBeside: [],
    restored: [],
    rollbackMs: [],
    storedShare: [],
    orchestratorBytes: [],
    agentBytes: [],
    quietMs: [],
    besideMs: [],
  };
  const { id } = await client.createSession({ limits });
  for (let round = -1; round < roundsPerKind; round++) {
    run.signal.throwIfAborted();
    const name = containerName((await client.session(id)).sandbox!.id);
    const agentId = await agentProcess(docker, name);
    const fill = () => fillWorkspace(docker, name, kind, workspaceBytes);

    await fill();
    const restBytes = await statusBytes(agentId, 'VmRSS');
    await forgetPeak(service.pid);
    await forgetPeak(agentId);
    const version = await client.snapshot(id);
    const stored = await log.next('state stored', id);
    const orchestratorBytes = await statusBytes(service.pid, 'VmHWM');
    const agentBytes = (await statusBytes(agentId, 'VmHWM')) - restBytes;

    await client.snapshot(id);
    const again = await log.next('state stored', id);

    await fill();
    const quietMs: number[] = [];
    for (let i = 0; i < quietCount; i++) quietMs.push(await roundTripMs(live));
    const besideMs: number[] = [];
    let isStoring = true;
    const storing = client.snapshot(id).finally(() => {
      isStoring = false;
    });
    while (isStoring) besideMs.push(await roundTripMs(live));
    await storing;
    const beside = await log.next('state stored', id);

    const begun = performance.now();
    await client.rollback(id, version);
    const rollbackMs = performance.now() - begun;
    const restored = await log.next('state restored', id);
    if (round < 0) continue;
    measured.stored.push(megabytesPerSecond(stored));
    measured.storedAgain.push(megabytesPerSecond(again));
    measured.storedBeside.push(megabytesPerSecond(beside));
    measured.restored.push(megabytesPerSecond(restored));
    measured.rollbackMs.push(rollbackMs);
    measured.storedShare.push(stored.storedBytes / stored.sizeBytes);
    measured.orchestratorBytes.push(orchestratorBytes);
    measured.agentBytes.push(agentBytes);
    measured.quietMs.push(...quietMs);
    measured.besideMs.push(...besideMs);
  }
  await client.deleteSession(id);
  return measured;
}

function megabytesPerSecond(work: { readonly sizeBytes: number; readonly durationMs: number }) {
  return work.sizeBytes / megabyte / (work.durationMs / 1000);
}

async function roundTripMs(live: LiveSocket): Promise<number> {
  const begun = performance.now();
  await live.execute();
  return performance.now() - begun;
}

/** The host's id of the Node process in a container. Its first process is the one that reaps. */
async function agentProcess(docker: Docker, container: string): Promise<number> {
  const top = await docker.getContainer(container).top({ ps_args: '-eo pid,comm' });
  const found = (top.Processes as string[][]).filter(([, name]) => !name?.includes('init'));
  if (found.length !== 1) throw new Error(`${container} runs ${found.length} agents`);
  return Number(found[0]![0]);
}

/** From now on `VmHWM` is the peak since now. */
async function forgetPeak(processId: number): Promise<void> {
  await writeFile(`/proc/${processId}/clear_refs`, '5');
}

async function statusBytes(processId: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${processId}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
}
