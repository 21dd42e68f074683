// Archives on their way to clients: compressed as they are read, so many at a time, and none for longer than it may take. A client that
// does not read holds its place until then.
import { pipeline, type Readable } from 'node:stream';
import { constants, createZstdCompress } from 'node:zlib';
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import { Permits } from '../foundation/permits.ts';
import type { Archive } from '../sessions/state-service.ts';
import type { ApiBounds } from './options.ts';

/** Damage on the way is found by whoever decompresses it. */
const compression = {
  params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
};

export class ArchiveDownloads {
  readonly #permits: Permits;
  readonly #clock: Clock;
  readonly #msMax: number;

  constructor(
    {
      archiveDownloadsMax,
      transferMsMax,
    }: Pick<ApiBounds, 'archiveDownloadsMax' | 'transferMsMax'>,
    clock: Clock,
  ) {
    this.#permits = new Permits(archiveDownloadsMax);
    this.#clock = clock;
    this.#msMax = transferMsMax;
  }

  /**
   * The compressed bytes of what `open` gives. Throws `overloaded` when as many as may be are under way, and what `open` throws. Later
   * failures show as a broken transfer: the end of a whole one is the compressed stream's own.
   */
  async begin(
    open: (signal: AbortSignal) => Promise<Archive>,
  ): Promise<{ readonly record: Archive['record']; readonly stream: Readable }> {
    const permit = this.#permits.tryTake();
    if (permit === null) {
      throw new AppError('overloaded', { detail: 'Too many archives are being downloaded.' });
    }
    const deadline = new AbortController();
    let cut = (_: Error) => {};
    const cancel = this.#clock.after(this.#msMax, () => {
      const error = new AppError('deadline_exceeded');
      deadline.abort(error);
      cut(error);
    });
    const end = () => {
      cancel();
      permit[Symbol.dispose]();
    };
    try {
      const { record, content } = await open(deadline.signal);
      const stream = pipeline(content, createZstdCompress(compression), end);
      cut = (error) => stream.destroy(error);
      return { record, stream };
    } catch (error) {
      end();
      throw error;
    }
  }
}
