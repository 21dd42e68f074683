// Throws random programs at the language for as long as told: FUZZ_SECONDS (60), FUZZ_SEED (the time). The rounds run in a
// worker, so that one that never ends is seen and named. Exit code 1 if a promise was broken.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { causeOf, checkRound, describeFinding, minimised } from '../test/language/fuzz/campaign.ts';

type Report = { readonly round: number; readonly finding?: string };

/** Silence after which a round counts as one that hangs; minimising one takes a while too. */
const silenceMsMax = 120_000;
const progressMs = 5_000;
const roundsPerReport = 25;
const findingsMax = 10;

if (isMainThread) await watch();
else search(workerData as number);

/** Rounds without end; every cause is told once. */
function search(seed: number): void {
  const causes = new Set<string>();
  for (let round = 0; causes.size < findingsMax; round++) {
    if (round % roundsPerReport === 0) parentPort?.postMessage({ round } satisfies Report);
    const finding = checkRound(seed, round);
    if (finding === null || causes.has(causeOf(finding))) continue;
    causes.add(causeOf(finding));
    const text = describeFinding(minimised(finding));
    parentPort?.postMessage({ round, finding: text } satisfies Report);
  }
}

async function watch(): Promise<void> {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
  const seconds = Number(process.env.FUZZ_SECONDS ?? 60);
  console.log(`fuzzing for ${seconds} s with FUZZ_SEED=${seed}`);
  const worker = new Worker(new URL(import.meta.url), { workerData: seed });
  const begun = Date.now();
  let [round, findings, heardAt] = [0, 0, begun];
  worker.on('message', (report: Report) => {
    [round, heardAt] = [report.round, Date.now()];
    if (report.finding === undefined) return;
    findings++;
    console.log(report.finding);
  });
  const over = new Promise<void>((resolve, reject) => {
    worker.once('exit', () => resolve());
    worker.once('error', reject);
  });
  const progress = setInterval(() => {
    const passed = Math.round((Date.now() - begun) / 1000);
    console.log(`${passed} s: ${round} programs, ${findings} findings`);
    if (Date.now() - heardAt > silenceMsMax) {
      findings++;
      console.log(`a program hangs: FUZZ_SEED=${seed}, from round ${round} on`);
      void worker.terminate();
    }
  }, progressMs);
  const end = setTimeout(() => void worker.terminate(), seconds * 1000);
  await over;
  clearInterval(progress);
  clearTimeout(end);
  console.log(`${round} programs, ${findings} findings`);
  process.exitCode = findings === 0 ? 0 : 1;
}
