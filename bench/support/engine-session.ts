// The agent's own engine, worker thread and all, without the rest of the agent: asked for one execution after another.
import { AnarchyEngine } from '../../src/agent/engines/anarchy/anarchy-engine.ts';
import type { EngineOutcome } from '../../src/agent/engines/engine.ts';
import { configuration, program } from '../../test/helpers/commands.ts';

const entry = new URL('../../src/agent/main.ts', import.meta.url);
const heapBytesMax = 256 * 1024 * 1024;

/** Dispose it to end the worker. */
export class EngineSession implements AsyncDisposable {
  readonly #engine = new AnarchyEngine({ entry, workspace: '/nowhere', egress: '/nowhere' });
  #output = '';

  constructor() {
    this.#engine.configure(configuration({ heapBytesMax }));
  }

  /** `onOutput` is told each time that output of the program arrives. */
  execute(
    code: string,
    onOutput = () => {},
    options: { profile?: true } = {},
  ): Promise<EngineOutcome> {
    return new Promise((resolve) => {
      this.#engine.execute(program('benchmark', code, options), {
        events: (batch) => {
          for (const event of batch) if (event.type === 'output') this.#output += event.content;
          onOutput();
          return true;
        },
        ended: resolve,
      });
    });
  }

  cancel(): void {
    this.#engine.stop('cancelled');
  }

  /** What programs have written since this was asked last. */
  takeOutput(): string {
    const output = this.#output;
    this.#output = '';
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine.dispose();
  }
}
