// The parts that keep account of what is used, as one thing.
import { AppError } from '../foundation/errors.ts';
import { UsageMeter, type UsageMeterOptions } from './usage-meter.ts';
import { UsageReport } from './usage-report.ts';
import { UsageSweeper, type UsageSweeperOptions } from './usage-sweeper.ts';

export type OpenedUsage = AsyncDisposable & {
  readonly meter: UsageMeter;
  readonly report: UsageReport;
};

type MeterOptions = Omit<UsageMeterOptions, 'engine'>;
/** What the engine says of a container. */
type EngineUsage = { readonly cpuMs: number; readonly memoryBytes: number; readonly pids: number };

/** Before anything is taken over from an earlier process. */
export async function openUsage(
  options: MeterOptions &
    UsageSweeperOptions & {
      readonly engine: (runtimeId: string, signal: AbortSignal) => Promise<EngineUsage>;
    },
): Promise<OpenedUsage> {
  const meter = new UsageMeter({
    ...options,
    engine: async (runtimeId, signal) => {
      const { cpuMs, ...usage } = await options.engine(runtimeId, signal);
      // The engine calls a container unused that has ended.
      if (cpuMs === 0 && usage.memoryBytes === 0) throw new AppError('sandbox_lost');
      return { ...usage, cpuSeconds: cpuMs / 1000 };
    },
  });
  const sweeper = new UsageSweeper(options);
  await meter.open();
  sweeper.start();
  return {
    meter,
    report: new UsageReport({ ...options, meter }),
    async [Symbol.asyncDispose]() {
      await sweeper[Symbol.asyncDispose]();
      await meter[Symbol.asyncDispose]();
    },
  };
}
