// Which container runtime sandboxes run under, settled once before anything else is started. Must never end with a weaker one than
// was asked for: what is not there, or does not work, is the end of the start.
import type { Log } from '../foundation/log.ts';
import { StartError } from '../foundation/start-error.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { runtimeTiers, tierOf } from '../runtimes/runtime-tiers.ts';

export type RuntimeChoice = {
  /** The engine's name of one, or `auto` for the strongest that works. */
  readonly runtime: string;
  /** What known flaws of the engine lead to. */
  readonly engineFlaws: 'warn' | 'refuse';
  /** From asking for a sandbox to its agent. */
  readonly sandboxStartMsMax: number;
  readonly engine: Pick<Runtime, 'info' | 'flaws'>;
  /** Starts a sandbox under it, hears of its agent and removes it. Throws what went wrong. */
  readonly trial: (runtimeName: string, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
};

const answerMsMax = 5_000;

/** Gives the engine's name of it. Throws StartError. An engine that is away is borne where nothing has to be known of it. */
export async function chooseRuntime(choice: RuntimeChoice): Promise<string> {
  const { runtime: wanted, engine, log } = choice;
  let offered: readonly string[];
  try {
    offered = (await engine.info(AbortSignal.timeout(answerMsMax))).runtimes;
  } catch (error) {
    if (wanted === 'auto' || choice.engineFlaws === 'refuse')
      throw new StartError(
        'The container engine does not answer, and what sandboxes run under depends on it.',
        { cause: error },
      );
    log.warn({ err: error, runtime: wanted }, 'the container runtime could not be looked at');
    return wanted;
  }
  const name = wanted === 'auto' ? await strongest(offered, choice) : wanted;
  if (wanted !== 'auto') await assertWorks(name, offered, choice);
  if (tierOf(name) === 'container') await lookForFlaws(choice);
  log.info({ runtime: name, tier: tierOf(name) }, 'sandboxes run under this');
  return name;
}

async function strongest(
  offered: readonly string[],
  { trial, sandboxStartMsMax, log }: RuntimeChoice,
): Promise<string> {
  const strength = (name: string) => runtimeTiers.indexOf(tierOf(name));
  const stronger = offered
    .filter((name) => strength(name) > 0)
    .sort((left, right) => strength(right) - strength(left));
  for (const name of stronger)
    try {
      await trial(name, AbortSignal.timeout(sandboxStartMsMax));
      return name;
    } catch (error) {
      log.warn({ err: error, runtime: name }, 'no sandbox can be started under this runtime');
    }
  if (offered.includes('runc')) return 'runc';
  throw new StartError(`No sandbox can be started under any runtime of the engine: ${offered}.`);
}

async function assertWorks(
  name: string,
  offered: readonly string[],
  { trial, sandboxStartMsMax }: RuntimeChoice,
): Promise<void> {
  // Newer engines find what is called like this by themselves, without listing it.
  const isFound = offered.includes(name) || name.startsWith('io.containerd.');
  if (!isFound)
    throw new StartError(
      `The container engine has no runtime "${name}". It has: ${offered.join(', ')}.`,
    );
  if (tierOf(name) === 'container') return;
  try {
    await trial(name, AbortSignal.timeout(sandboxStartMsMax));
  } catch (error) {
    throw new StartError(
      `No sandbox can be started under the runtime "${name}". gVisor needs --host-uds=open, so that sandboxes reach the service: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

async function lookForFlaws({ engine, engineFlaws, log }: RuntimeChoice): Promise<void> {
  const known = await engine.flaws(AbortSignal.timeout(answerMsMax));
  if (known.length > 0 && engineFlaws === 'refuse')
    throw new StartError(
      `The container engine is not to be trusted:\n${known.map((line) => `  - ${line}`).join('\n')}`,
    );
  for (const flaw of known) log.warn({ flaw }, 'the container engine has a known flaw');
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
