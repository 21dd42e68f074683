// Thousands of executions and sessions that live in every way: whatever they took is given back. `make soak` is the long form.
import { expect, it } from 'vitest';
import { inspectable, ServiceInspector } from '../helpers/soak/service-inspector.ts';
import { bare, soak } from '../helpers/soak/soak.ts';
import { startService } from '../helpers/start-service.ts';

const executions = 5_000;
const creates = 40;
/** A leak of 2 KB with each execution is well above; what the heap rearranges is well below. */
const bytesPerExecutionMax = 512;

it('gives everything back that executions and sessions took', { timeout: 400_000 }, async () => {
  await using service = await startService({ ...inspectable, ...bare, CELLAR_LOG_LEVEL: 'info' });
  using inspector = await ServiceInspector.open(service);
  const report = await soak({ service, inspector, executions, creates, progress: () => {} });
  expect(report.leaks).toEqual([]);
  expect(report.perExecution.slope).toBeLessThan(bytesPerExecutionMax);
});
