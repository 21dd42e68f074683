// Starts a real Prometheus as a child process on a free port of loopback, with data and configuration that go with it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensurePrometheus } from '../../scripts/ensure-prometheus.ts';

const rules = new URL('../../prometheus/', import.meta.url);

export type Sample = {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
};

export class Prometheus implements AsyncDisposable {
  readonly #directory: string;
  readonly #process: ChildProcess;
  readonly #url: string;

  /** `target`: host and port of what it collects from, each second. It has the rules of the project, evaluated each second too. */
  static async start(target: string): Promise<Prometheus> {
    const { prometheus } = await ensurePrometheus();
    const directory = await mkdtemp(join(tmpdir(), 'cellar-prometheus-'));
    for (const name of ['recording-rules.yml', 'alert-rules.yml']) {
      const text = await readFile(new URL(name, rules), 'utf8');
      await writeFile(join(directory, name), text.replaceAll('interval: 30s', 'interval: 1s'));
    }
    await writeFile(
      join(directory, 'prometheus.yml'),
      `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [recording-rules.yml, alert-rules.yml]
scrape_configs: [{ job_name: cellar, static_configs: [{ targets: ['${target}'] }] }]
`,
    );
    const child = spawn(
      prometheus,
      [
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        '--web.listen-address=127.0.0.1:0',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    return new Prometheus(directory, child, await listening(child));
  }

  private constructor(directory: string, child: ChildProcess, url: string) {
    this.#directory = directory;
    this.#process = child;
    this.#url = url;
  }

  /** Evaluates one query now. Throws what is wrong with it. */
  async query(expression: string): Promise<Sample[]> {
    const { result } = await this.#get(`query?query=${encodeURIComponent(expression)}`);
    return result as Sample[];
  }

  async #get(path: string): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.#url}/api/v1/${path}`);
    const { status, error, data } = (await response.json()) as Record<string, any>;
    if (status !== 'success') throw new Error(`${path}: ${error}`);
    return data;
  }

  /** Every rule, with how its last evaluation went. */
  async rules(): Promise<{ name: string; query: string; health: string; lastError?: string }[]> {
    const { groups } = await this.#get('rules');
    return (groups as { rules: [] }[]).flatMap((group) => group.rules);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, 'exit');
    if (this.#process.exitCode === null && this.#process.kill('SIGKILL')) await ended;
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function listening(child: ChildProcess): Promise<string> {
  let said = '';
  for await (const line of createInterface({ input: child.stderr! })) {
    said += `${line}\n`;
    const address = /address=(127\.0\.0\.1:[1-9]\d*)/.exec(line)?.[1];
    if (address === undefined) continue;
    child.stderr!.resume();
    return `http://${address}`;
  }
  throw new Error(`Prometheus did not start\n${said}`);
}
