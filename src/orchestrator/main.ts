// The program: without a command the service as a process, which reads the configuration, assembles, listens, says where, and drains
// when it is told to stop.

import { resolve } from 'node:path';
import { assemble } from './assemble.ts';
import { verifyAudit, verifyUsage } from './audit/verify-command.ts';
import { backupUsage, makeBackup } from './backup/backup-command.ts';
import { restoreBackup, restoreUsage } from './backup/restore-command.ts';
import { loadConfig } from './config/load-config.ts';
import { doctorUsage, examine } from './doctor/doctor-command.ts';
import { systemClock } from './foundation/clock.ts';
import { createLog } from './foundation/log.ts';
import { StartError } from './foundation/start-error.ts';
import { readVersion } from './foundation/version.ts';
import { readAudit } from './registry/sqlite/read-audit.ts';

async function main([command, ...args]: string[]): Promise<void> {
  if (command === undefined) return await serve();
  if (command === 'doctor') return await doctor(args);
  if (command === 'backup') return await backup(args);
  if (command === 'restore') return await restore(args);
  if (command === 'audit' && args.shift() === 'verify') return await audit(args);
  const usages = ['cellar', doctorUsage, backupUsage, restoreUsage, verifyUsage];
  throw new StartError(`usage: ${usages.join('\n       ')}`);
}

async function doctor(args: string[]): Promise<void> {
  const { text, healthy } = await examine(args, process.env, process.cwd());
  // What a check has given up waiting for would keep the process.
  process.stdout.write(`${text}\n`, () => process.exit(healthy ? 0 : 1));
}

async function backup([directory, ...others]: string[]): Promise<void> {
  if (directory === undefined || others.length > 0) throw new StartError(`usage: ${backupUsage}`);
  const settings = await loadConfig(process.env, process.cwd());
  const options = { settings, directory: resolve(directory), signal: untilTold() };
  console.log(await makeBackup({ ...options, version: await readVersion(), clock: systemClock }));
}

async function restore([directory, ...others]: string[]): Promise<void> {
  if (directory === undefined || others.length > 0) throw new StartError(`usage: ${restoreUsage}`);
  const settings = await loadConfig(process.env, process.cwd());
  const options = { settings, directory: resolve(directory), signal: untilTold() };
  console.log(await restoreBackup(options));
}

/** Fires when the command is told to end: it removes then what it has written. */
function untilTold(): AbortSignal {
  const told = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => told.abort(new StartError('stopped')));
  return told.signal;
}

async function audit(args: string[]): Promise<void> {
  const { dataDir } = await loadConfig(process.env, process.cwd());
  const { text, whole } = verifyAudit(readAudit(dataDir), args);
  console.log(text);
  if (!whole) process.exitCode = 1;
}

async function serve(): Promise<void> {
  const config = await loadConfig(process.env, process.cwd());
  const log = createLog(config.logLevel);
  const service = await assemble(config, log);
  const address = await service.listen();
  console.log(`Cellar listens on ${address}`);
  console.log(`Documentation of the API: ${address}/docs`);
  if (service.metricsAddress !== null) console.log(`Metrics: ${service.metricsAddress}/metrics`);
  if (service.createdKey !== null) {
    console.log(`API key of the administrator, shown this once: ${service.createdKey}`);
  }

  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    // A second signal is an operator who does not want to wait: what is stored is safe.
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping');
    await service.stop();
    log.info('stopped; sandboxes go on and are taken over at the next start');
    process.exit(0);
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
  process.on('SIGHUP', () => void service.reload());
  process.on('uncaughtException', (error) => {
    // State in memory may be wrong now, state in the registry is not: end, and let the next process take over.
    log.fatal({ err: error }, 'a bug: the process ends');
    process.exit(70);
  });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof StartError ? error.message : error);
  process.exit(1);
});
