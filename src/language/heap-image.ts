// The state of a session ⇄ the bytes of an image (docs/heap-image.md): whatever programs left behind comes back as it was,
// closures that share a variable included. Only between executions: then all state is on the heap.
import { layoutOfSource } from './compile.ts';
import { createLinker } from './create-linker.ts';
import type { Host } from './host.ts';
import { BuiltinNames } from './image/builtin-names.ts';
import { ByteReader } from './image/byte-reader.ts';
import { ContextValues, LoadedContexts } from './image/compile-contexts.ts';
import { FrameReader } from './image/frame-reader.ts';
import { FrameWriter } from './image/frame-writer.ts';
import { checkHeap } from './image/heap-checks.ts';
import { damaged, ImageError } from './image/image-error.ts';
import { imageVersion } from './image/image-format.ts';
import { ObjectMaker } from './image/object-maker.ts';
import { restoreSession, sessionValue } from './image/session-parts.ts';
import { UnitNode } from './image/unit-node.ts';
import { ValueReader } from './image/value-reader.ts';
import { ValueWriter } from './image/value-writer.ts';
import type { Linker } from './link.ts';
import type { CompileContext } from './macros/expand.ts';
import { isStackOverflow } from './runtime/catching.ts';
import { Runtime } from './runtime/runtime.ts';
import type { UnitLayout } from './unit-layout.ts';

/**
 * Writes the image of a session to `sink`, in chunks. The same state gives the same bytes. Throws Stopped when the host says so
 * or the image gets longer than `bytesMax`, ImageError when the session holds what an image cannot.
 */
export function saveImage(
  runtime: Runtime,
  sink: (chunk: Uint8Array) => void,
  bytesMax: number,
): void {
  const out = new FrameWriter(sink, bytesMax);
  const names = new BuiltinNames(runtime);
  out.unsigned(imageVersion);
  out.settle();
  const contexts = new ContextValues();
  const values = new ValueWriter({ out, names, contexts, step: (steps) => runtime.step(steps) });
  values.write(sessionValue(runtime, contexts));
  out.end();
}

export type LoadedSession = { readonly runtime: Runtime; readonly linker: Linker };

/** Takes an image chunk by chunk and builds a session of its own out of it. */
export class ImageLoader {
  readonly #host: Host;
  readonly #frames: FrameReader;
  #session: LoadingSession | null = null;

  constructor(host: Host, bytesMax: number) {
    this.#host = host;
    this.#frames = new FrameReader(bytesMax);
  }

  /** Throws ImageError when it is no image, Stopped when the host says so or the image is too long. */
  push(chunk: Uint8Array): void {
    for (const payload of this.#frames.push(chunk)) {
      this.#session ??= new LoadingSession(this.#host);
      this.#session.take(payload);
    }
  }

  /** The session, once all chunks have come. Throws as `push`. */
  end(): LoadedSession {
    if (!this.#frames.ended || this.#session === null) throw damaged('it is cut off');
    return this.#session.complete();
  }
}

/** A session that nobody sees yet. */
class LoadingSession {
  readonly #runtime: Runtime;
  readonly #linker: Linker;
  readonly #bytes: ByteReader;
  readonly #values: ValueReader;
  #version: number | null = null;

  constructor(host: Host) {
    this.#runtime = new Runtime(host);
    this.#linker = createLinker(this.#runtime);
    this.#bytes = new ByteReader(this.#runtime);
    this.#values = new ValueReader({
      bytes: this.#bytes,
      names: new BuiltinNames(this.#runtime),
      step: (steps) => this.#runtime.step(steps),
      objects: new ObjectMaker((keys) => this.#linker.shape(keys)),
    });
  }

  take(payload: Uint8Array): void {
    this.#bytes.open(payload);
    this.#version ??= this.#bytes.unsigned();
    if (this.#version !== imageVersion) {
      throw new ImageError(`The heap image is of version ${this.#version}, not ${imageVersion}`);
    }
    this.#values.read();
  }

  complete(): LoadedSession {
    const step = (steps: number) => this.#runtime.step(steps);
    const contexts = new LoadedContexts(step);
    const { root, nodes } = this.#values.end();
    for (const node of nodes) {
      step(1);
      if (node instanceof UnitNode) this.#giveCode(node, contexts);
    }
    checkHeap(nodes, step);
    restoreSession(this.#runtime, contexts, root);
    return { runtime: this.#runtime, linker: this.#linker };
  }

  /** Gives functions their code, which is not compiled before it is called. */
  #giveCode({ fields, functions }: UnitNode, contexts: LoadedContexts): void {
    const [source, functionCount, layoutDigest, macros, features, file] = fields;
    if (typeof source !== 'string') throw damaged('a unit has no source');
    const context = contexts.context(macros!, features!, file!);
    this.#runtime.step(source.length);
    const layout = tryLayout(source, context);
    if (layout === null) throw damaged('its code does not compile');
    if (layout.functions.length !== functionCount || layout.digest !== layoutDigest) {
      throw new ImageError('The heap image was made by another version of the language');
    }
    const { codes } = this.#linker.promise(source, context, layout);
    for (const { value, index } of functions) {
      const code = codes[index];
      if (code === undefined) throw damaged('a unit has no such function');
      Object.assign(value, { code });
    }
  }
}

function tryLayout(source: string, context: CompileContext): UnitLayout | null {
  try {
    return layoutOfSource(source, context);
  } catch (failure) {
    if (isStackOverflow(failure)) return null;
    throw failure;
  }
}
