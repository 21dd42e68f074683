// `cellar doctor`: looks at the machine and the configuration, and says what to do. It changes nothing, and the service may run meanwhile.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Config } from '../config/config.ts';
import { defaultConfig, loadConfig } from '../config/load-config.ts';
import { abortable } from '../foundation/abortable.ts';
import { StartError } from '../foundation/start-error.ts';
import { readVersion } from '../foundation/version.ts';
import { openFilesMax } from '../overload/measure-load.ts';
import { type Check, checksOf, reasonOf } from './checks.ts';
import { type Finding, failure, ok } from './finding.ts';

export const doctorUsage = 'cellar doctor [--json]';

export type Examination = { readonly text: string; readonly healthy: boolean };

/** The outcome of one check, as `--json` prints it. */
export type Result = Finding & { readonly check: string };

const checkMsMax = 10_000;

/** Throws StartError for arguments that mean nothing. */
export async function examine(
  args: string[],
  environment: NodeJS.ProcessEnv,
  directory: string,
): Promise<Examination> {
  const { json } = optionsOf(args);
  const { config, finding } = await readConfig(environment, directory);
  const version = await readVersion();
  const checks = checksOf({ config, version, filesMax: await filesMaxHere() });
  const results = [
    { check: 'configuration', ...finding },
    ...(await Promise.all(checks.map((check) => carryOut(check, checkMsMax)))),
  ];
  return {
    text: json ? JSON.stringify({ version, checks: results }, null, 2) : textOf(results),
    healthy: results.every(({ level }) => level !== 'failure'),
  };
}

/** A check that throws, or takes too long, has failed. */
export async function carryOut({ name, look }: Check, msMax: number): Promise<Result> {
  const signal = AbortSignal.timeout(msMax);
  try {
    return { check: name, ...(await abortable(look(signal), signal)) };
  } catch (error) {
    const seen = signal.aborted
      ? `no result within ${msMax / 1000} seconds`
      : `cannot be looked at: ${reasonOf(error)}`;
    return { check: name, ...failure(seen, 'See that this user may look at it, and try again.') };
  }
}

export function textOf(results: readonly Result[]): string {
  const width = Math.max(...results.map(({ check }) => check.length));
  const lines = results.flatMap(({ check, level, seen, advice }) => [
    `${level.padEnd(7)}  ${check.padEnd(width)}  ${seen}`,
    ...(advice === null ? [] : [`${' '.repeat(width + 11)}→ ${advice}`]),
  ]);
  const count = (wanted: string) => results.filter(({ level }) => level === wanted).length;
  return [...lines, `${count('failure')} failures, ${count('warning')} warnings`].join('\n');
}

function optionsOf(args: string[]): { json: boolean } {
  try {
    const { json } = parseArgs({ args, options: { json: { type: 'boolean' } } }).values;
    return { json: json === true };
  } catch (cause) {
    throw new StartError(`usage: ${doctorUsage}`, { cause });
  }
}

/** With one that is not valid the machine is looked at all the same. */
async function readConfig(
  environment: NodeJS.ProcessEnv,
  directory: string,
): Promise<{ config: Config; finding: Finding }> {
  try {
    return { config: await loadConfig(environment, directory), finding: ok('valid') };
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const defaults = defaultConfig(directory);
    const { DOCKER_HOST: dockerHost = defaults.dockerHost, CELLAR_DATA_DIR: dataDir } = environment;
    return {
      config: { ...defaults, dockerHost, dataDir: resolve(directory, dataDir || defaults.dataDir) },
      finding: failure(error.message, 'Mend it; the rest is judged by the defaults.'),
    };
  }
}

/** Elsewhere than on Linux nobody tells. */
async function filesMaxHere(): Promise<number> {
  return await openFilesMax().catch(() => Number.POSITIVE_INFINITY);
}
