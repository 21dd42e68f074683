// What the main thread and the worker of the engine post to each other. Both are ours and of one version: nothing is validated.
import type { ImageFailure } from '#language';
import type { ExecuteCommand, ExecutionProfile, InspectRequest, VariablesRequest } from '#protocol';
import type { IncomingResponse, OutgoingRequest } from '../../network/request.ts';
import type { EngineEvent, EngineOutcome, EngineSettings } from '../engine.ts';

export type WorkerStart = {
  readonly shared: SharedArrayBuffer;
  readonly heapHardBytes: number;
  /** Directory of the session's files. */
  readonly workspace: string;
};

export type Program = Omit<ExecuteCommand, 'type' | 'executionId' | 'traceparent'>;

export type Question =
  | { readonly type: 'variables'; readonly request: VariablesRequest }
  | { readonly type: 'inspect'; readonly request: InspectRequest };

/** How a request of a program has ended. */
export type RequestAnswer =
  | { readonly response: IncomingResponse }
  | { readonly failure: string }
  | { readonly tooLarge: true };

export type ToWorker =
  /** Only before the first `configure`. Answered once. */
  | { readonly type: 'warmUp' }
  | { readonly type: 'configure'; readonly settings: EngineSettings }
  | { readonly type: 'execute'; readonly program: Program }
  | { readonly type: 'input'; readonly content: string }
  | { readonly type: 'response'; readonly id: number; readonly answer: RequestAnswer }
  | { readonly type: 'question'; readonly id: number; readonly question: Question }
  | ImageRequest;

/** Each but `load` and `loadAbort` is answered once, a `save` after its chunks. */
export type ImageRequest =
  | { readonly type: 'save' | 'load'; readonly bytesMax: number }
  | { readonly type: 'loadChunk'; readonly chunk: Uint8Array }
  | { readonly type: 'loadEnd'; readonly fork: boolean }
  | { readonly type: 'loadAbort' };

export type ImageMessage =
  | { readonly type: 'imageChunk'; readonly chunk: Uint8Array }
  | { readonly type: 'imageAnswer'; readonly failure: ImageFailure | null };

export type FromWorker =
  | {
      readonly type: 'events';
      readonly batch: readonly EngineEvent[];
      /** What the batch counts against the events under way. */
      readonly cost: number;
      readonly outcome: Omit<EngineOutcome, 'stateLost'> | null;
    }
  /** Of the program that runs, so far. */
  | { readonly type: 'profile'; readonly profile: ExecutionProfile }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  /** Answered with a `response`, unless it is given up. */
  | { readonly type: 'request'; readonly id: number; readonly request: OutgoingRequest }
  | { readonly type: 'requestAbort'; readonly id: number }
  | { readonly type: 'warm' }
  | ImageMessage;
