// Why a heap image was not written or not loaded.

/** The image is damaged, hostile, or of another engine; or the session holds what an image cannot. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
}

/** `throw damaged('…')`: what the image holds is not what an engine writes. */
export function damaged(what: string): ImageError {
  return new ImageError(`The heap image is damaged: ${what}`);
}
