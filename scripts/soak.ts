// `make soak`: SOAK_EXECUTIONS (200000) executions and SOAK_CREATES (5000) sessions on one service. Exit code 1 when anything was
// not given back, or when memory grows with the work.
import { inspectable, ServiceInspector } from '../test/helpers/soak/service-inspector.ts';
import { bare, type Growth, soak } from '../test/helpers/soak/soak.ts';
import { startService } from '../test/helpers/start-service.ts';

const executions = Number(process.env.SOAK_EXECUTIONS ?? 200_000);
const creates = Number(process.env.SOAK_CREATES ?? 5_000);
if (![executions, creates].every((count) => Number.isInteger(count) && count >= 10))
  throw new Error('SOAK_EXECUTIONS and SOAK_CREATES are whole numbers from 10');

await using service = await startService({ ...inspectable, ...bare, CELLAR_LOG_LEVEL: 'warn' });
using inspector = await ServiceInspector.open(service);
const begun = performance.now();
const progress = (text: string) =>
  console.log(`${Math.round((performance.now() - begun) / 1000)} s: ${text}`);
const report = await soak({ service, inspector, executions, creates, progress });

/** Bytes that are no growth whatever the noise: a few pointers. */
const negligible = { execution: 16, session: 1024 };
const grows = ({ slope, error }: Growth, bytes: number) => slope > bytes && slope > 3 * error;
const shown = ({ slope, error }: Growth) => `${slope.toFixed(1)} ± ${error.toFixed(1)} bytes`;
console.log(`memory for each execution: ${shown(report.perExecution)}`);
console.log(`memory for each session: ${shown(report.perSession)}`);
for (const leak of report.leaks) console.log(`not given back: ${leak}`);
const failed =
  report.leaks.length > 0 ||
  grows(report.perExecution, negligible.execution) ||
  grows(report.perSession, negligible.session);
console.log(failed ? 'FAILED' : 'nothing leaks');
if (failed) process.exitCode = 1;
