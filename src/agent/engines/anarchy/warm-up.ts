// What a fresh worker does before it has a session: runs small programs and takes their state to another interpreter, so that the
// compiler, the runtime, the way of a result and that of an image have been loaded and used once. All of it is then thrown away; the
// session's interpreter never sees it.
import { createInterpreter } from '#language';
import { HeapGuard } from './heap-guard.ts';
import { describedOutcome } from './reports.ts';
import { SharedState } from './shared-state.ts';
import { WorkerHost } from './worker-host.ts';
import { WorkspaceFiles } from './workspace-files.ts';

/** Of the kinds that sessions begin with; none touches files, and each ends at once. */
export const warmUpPrograms: readonly string[] = [
  'let x = 10\nprint(x)\nx + 1',
  `function double(value) { return value * 2 }
let list = [3, 1, 2]
for (item in [4, 5]) { list.push(double(item)) }
let record = {name: "a", parts: list}
if (list.length > 3 && record.name == "a") { print(record.name + ": " + list.map((x) => x + 1)) } else { print("none") }
record`,
  'missing + 1',
  'let = ',
];

/** Milliseconds; far more than the programs take. */
const timeoutMs = 5_000;

/** Far more than their state takes. */
const imageBytesMax = 1024 * 1024;

export function warmUp(workspace: string): void {
  const heap = new HeapGuard({ hardBytes: Number.MAX_SAFE_INTEGER, collect: () => {} });
  const host = new WorkerHost({
    port: { postMessage: () => {} },
    shared: new SharedState(),
    heap,
    files: new WorkspaceFiles(workspace),
    attend: () => {},
  });
  host.configure({
    environment: {},
    outputBytesMax: 64 * 1024,
    heapBytesMax: Number.MAX_SAFE_INTEGER,
  });
  const interpreter = createInterpreter(host);
  for (const code of warmUpPrograms) {
    host.begin({
      code,
      timeoutMs,
      captureOutput: true,
      intermediateResults: false,
      interactive: false,
    });
    host.end(describedOutcome(interpreter.execute(code)));
  }
  host.beginSave();
  const image: Uint8Array[] = [];
  const unsaved = interpreter.save((chunk) => void image.push(chunk), imageBytesMax);
  host.beginLoad();
  const load = createInterpreter(host).load(imageBytesMax);
  for (const chunk of image) load.write(chunk);
  const failure = unsaved ?? load.end();
  if (failure !== null) throw new Error(failure.message);
}
