// The worker thread of the engine: one interpreter, driven by messages. While a program runs the same messages are taken at its
// safe points. It has no environment, no arguments and no standard streams of the process.
import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from 'node:worker_threads';
import { createInterpreter, type Interpreter, type ValueReport } from '#language';
import { fitsPattern } from '../name-pattern.ts';
import { collectGarbage } from './garbage-collection.ts';
import { HeapGuard } from './heap-guard.ts';
import { Profiler } from './profiler.ts';
import {
  describedNode,
  describedOutcome,
  describedValue,
  describedVariables,
  MessageBudget,
} from './reports.ts';
import { SharedState } from './shared-state.ts';
import { warmUp } from './warm-up.ts';
import { WorkerHost } from './worker-host.ts';
import { WorkerImages } from './worker-images.ts';
import type { FromWorker, Program, Question, ToWorker, WorkerStart } from './worker-messages.ts';
import { WorkspaceFiles } from './workspace-files.ts';

export function runWorker(): void {
  const worker = new EngineWorker(parentPort!, workerData as WorkerStart);
  parentPort!.on('message', (message: ToWorker) => worker.obey(message));
}

type Session = {
  readonly host: WorkerHost;
  readonly interpreter: Interpreter;
  readonly images: WorkerImages;
};

class EngineWorker {
  readonly #port: MessagePort;
  readonly #start: WorkerStart;
  #session: Session | null = null;

  constructor(port: MessagePort, start: WorkerStart) {
    this.#port = port;
    this.#start = start;
  }

  obey(message: ToWorker): void {
    switch (message.type) {
      case 'warmUp':
        warmUp(this.#start.workspace);
        this.#port.postMessage({ type: 'warm' } satisfies FromWorker);
        return;
      case 'configure':
        if (this.#session === null) this.#session = this.#open();
        this.#session.host.configure(message.settings);
        return;
      case 'execute':
        this.#execute(message.program);
        return;
      case 'input':
        this.#session?.host.addInput(message.content);
        return;
      case 'response':
        this.#session?.host.addResponse(message.id, message.answer);
        return;
      case 'question': {
        const { id, question } = message;
        const answer = this.#session === null ? null : this.#answer(this.#session, question);
        this.#port.postMessage({ type: 'answer', id, answer } satisfies FromWorker);
        return;
      }
      default:
        this.#session!.images.obey(message);
    }
  }

  #open(): Session {
    const host = new WorkerHost({
      port: this.#port,
      shared: new SharedState(this.#start.shared),
      heap: new HeapGuard({ hardBytes: this.#start.heapHardBytes, collect: collectGarbage }),
      files: new WorkspaceFiles(this.#start.workspace),
      attend: () => this.#attend(),
    });
    const interpreter = createInterpreter(host);
    return { host, interpreter, images: new WorkerImages(this.#port, host, interpreter) };
  }

  /** What was posted since the program began. Another program is never among it. */
  #attend(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.obey(received.message as ToWorker);
    }
  }

  #execute(program: Program): void {
    const { host, interpreter } = this.#session!;
    let profiler: Profiler | null = null as Profiler | null;
    host.begin(program, () => {
      if (program.profile) profiler = this.#startProfiler(interpreter);
    });
    const onStatement = (value: ValueReport) => {
      const budget = new MessageBudget();
      const before = budget.left;
      const result = describedValue(value, budget);
      host.report({ type: 'intermediateResult', result }, before - budget.left);
    };
    const outcome = interpreter.execute(program.code, {
      ...(program.intermediateResults ? { onStatement } : {}),
      ...(profiler === null ? {} : { profiling: profiler.profiling }),
    });
    host.end(describedOutcome(outcome), () => profiler?.stop() ?? null);
  }

  #startProfiler(interpreter: Interpreter): Profiler | null {
    const shared = new SharedState(this.#start.shared);
    return Profiler.start(interpreter, {
      onTurn: (profile) =>
        this.#port.postMessage({ type: 'profile', profile } satisfies FromWorker),
      setMeasuring: (measuring) => shared.setMeasuring(measuring),
    });
  }

  /** Null when there is no answer now: the program may have left too little stack for it. */
  #answer(session: Session, question: Question): unknown {
    try {
      return this.#look(session, question);
    } catch {
      return null;
    }
  }

  #look({ interpreter }: Session, question: Question): unknown {
    if (question.type === 'variables') {
      const { filter = '*', includeValues } = question.request;
      const reports = interpreter.variables({ includeValues });
      return describedVariables(reports.filter(({ name }) => fitsPattern(name, filter)));
    }
    const { variable, path, depth } = question.request;
    // A tree that is too large for a message is shown less deep; its root alone always fits.
    for (let level = depth; ; level--) {
      const node = interpreter.inspect(variable, path, level);
      const described = typeof node === 'string' ? node : describedNode(node);
      if (described !== null || level === 0) return described;
    }
  }
}
