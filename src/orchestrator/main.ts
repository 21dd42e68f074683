// The program: without a command the service as a process, which reads the configuration, assembles, listens, says where, and drains
// when it is told to stop.

import { assemble } from './assemble.ts';
import { verifyAudit, verifyUsage } from './audit/verify-command.ts';
import { loadConfig } from './config/load-config.ts';
import { createLog } from './foundation/log.ts';
import { StartError } from './foundation/start-error.ts';
import { readAudit } from './registry/sqlite/read-audit.ts';

async function main([command, ...args]: string[]): Promise<void> {
  if (command === undefined) return await serve();
  if (command !== 'audit' || args.shift() !== 'verify')
    throw new StartError(`usage: cellar, or ${verifyUsage}`);
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
