// Pulls what is to be stored from whoever makes it, who may throw anything, or hang.
import { abortable } from '../../foundation/abortable.ts';

/** What the content has thrown is its cause: no failure of the storage, whatever it looks like. */
export class ContentFailure extends Error {
  override readonly name = 'ContentFailure';
}

/** The content until the signal fires. Throws ContentFailure, in that case too. The iteration is ended in any case. */
export async function* pullContent(
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = content[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await abortable(iterator.next(), signal);
      if (done) return;
      yield value;
    }
  } catch (cause) {
    throw new ContentFailure('the content cannot be read', { cause });
  } finally {
    end(iterator);
  }
}

/** Not waited for: an iterator that hangs would not answer this either. */
function end(iterator: AsyncIterator<Uint8Array>): void {
  iterator.return?.().catch(() => {});
}
