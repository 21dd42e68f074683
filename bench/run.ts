// `npm run bench`: runs every benchmark, one after another, and writes docs/benchmarks.md with its charts from what they measured. With
// names (`npm run bench -- execute`) it runs only those, and shows them instead of writing the page.
import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { interruptionSignal } from './support/benchmark.ts';
import { type ChartFile, medianCharts, promisesChart } from './support/charts.ts';
import { describeMachine } from './support/machine.ts';
import { missedAsMarkdown } from './support/missed.ts';
import type { Report } from './support/report.ts';
import { markdownTable, reportAsMarkdown, reportAsText, targetsTable } from './support/table.ts';

const names = [
  'execute',
  'throughput',
  'fairness',
  'create',
  'state',
  'dormant',
  'guard',
  'scrape',
  'memory',
  'density',
  'language',
] as const;
const page = join(import.meta.dirname, '../docs/benchmarks.md');
const chartDirectory = join(import.meta.dirname, '../docs/benchmarks');

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !names.some((known) => known === name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. There are: ${names.join(', ')}`);
  process.exit(2);
}

const signal = interruptionSignal();
const reports: Report[] = [];
for (const name of names) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const report = await runOne(name, signal);
  if (signal.aborted) process.exit(130);
  if (report === null) process.exitCode = 1;
  else reports.push(report);
}
for (const report of reports) console.log(reportAsText(report));
if (chosen.length === 0 && reports.length === names.length) {
  await rm(chartDirectory, { recursive: true, force: true });
  await mkdir(chartDirectory);
  await writeFile(page, await renderPage(reports));
  console.error('docs/benchmarks.md is written');
}

/** Null when it failed; it has then said why. */
function runOne(name: string, signal: AbortSignal): Promise<Report | null> {
  const script = join(import.meta.dirname, `${name}.ts`);
  // A group of its own: Ctrl-C reaches it once, from us.
  const child = spawn(process.execPath, [script, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const interrupt = () => child.kill('SIGINT');
  signal.addEventListener('abort', interrupt, { once: true });
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => {
    output += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      signal.removeEventListener('abort', interrupt);
      resolve(code === 0 ? (JSON.parse(output) as Report) : null);
    });
  });
}

async function renderPage(reports: readonly Report[]): Promise<string> {
  const machine = await describeMachine();
  const met = reports.flatMap(({ verdicts }) => verdicts).filter((verdict) => verdict.met).length;
  const count = reports.flatMap(({ verdicts }) => verdicts).length;
  const introduction = `# Benchmarks

<!-- Written by \`npm run bench\`; edits are lost. -->

Each number stands beside a reference that was measured in the same run on the same machine, in turns with it: machines
differ, ratios less so. Every number on this page was measured on ${reports[0]!.measuredAt.slice(0, 10)};
${met} of ${count} targets are met. \`npm run bench\` measures anew and writes this page.
`;
  const table = markdownTable({ title: 'The machine', columns: ['', ''], rows: machine });
  const sections: string[] = [];
  for (const report of reports)
    sections.push(reportAsMarkdown(report), ...(await writeCharts(medianCharts(report))));
  const overview = await writeCharts([promisesChart(reports)]);
  const targets = markdownTable(targetsTable(reports));
  return [
    introduction,
    table,
    '## What is promised\n',
    ...overview,
    targets,
    missedAsMarkdown(reports),
    ...sections,
  ].join('\n');
}

/** Gives what shows them in the page. */
async function writeCharts(charts: readonly ChartFile[]): Promise<string[]> {
  for (const { name, svg } of charts) await writeFile(join(chartDirectory, name), svg);
  return charts.map(({ name, title }) => `![${title}](benchmarks/${name})\n`);
}
