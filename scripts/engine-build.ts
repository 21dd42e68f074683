// An image built by the engine from files that are handed to it.
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { hasImage } from './base-image.ts';
import { SetupError } from './progress.ts';

/** `name`: its path in the context, `Dockerfile` one of them. */
export type ContextFile = { readonly name: string; readonly content: Buffer };

export type ImageParts = {
  /** With its tag. */
  readonly image: string;
  /** The build argument `BASE`. */
  readonly base: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly files: Iterable<ContextFile>;
};

/** Builds without a network. Throws SetupError with what the engine wrote. */
export async function buildImage(
  docker: Docker,
  { image, base, labels = {}, files }: ImageParts,
): Promise<void> {
  const context = pack();
  // Fixed times and modes: the same files give the same layers, which the engine then finds in its cache.
  for (const { name, content } of files)
    context.entry({ name, mode: 0o644, mtime: new Date(0) }, content);
  context.finalize();

  const progress = await docker.buildImage(Readable.from(context), {
    t: image,
    buildargs: { BASE: base },
    labels: { ...labels },
    networkmode: 'none',
    rm: true,
    forcerm: true,
  });
  let output = '';
  await new Promise<void>((done, failed) => {
    docker.modem.followProgress(
      progress,
      (error) => (error ? failed(error) : done()),
      (line: { stream?: string; error?: string }) => {
        output += line.stream ?? line.error ?? '';
      },
    );
  });
  if (!(await hasImage(docker, image))) throw new SetupError(`building ${image} failed\n${output}`);
}
