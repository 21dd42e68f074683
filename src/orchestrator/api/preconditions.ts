// What a request demands of the present state of a file before it is served (RFC 9110, section 13).

/** Of the file that is there. */
export type Validators = { readonly tag: string; readonly modifiedMs: number };

export type PreconditionHeaders = {
  readonly 'if-match'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
  readonly 'if-modified-since'?: string | undefined;
  readonly 'if-unmodified-since'?: string | undefined;
};

export function entityTag(tag: string): string {
  return `"${tag}"`;
}

/** As headers have it: whole seconds. */
export function httpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString();
}

/** True when the answer depends on what is there. */
export function hasPreconditions(headers: PreconditionHeaders): boolean {
  return (
    headers['if-match'] !== undefined ||
    headers['if-none-match'] !== undefined ||
    headers['if-modified-since'] !== undefined ||
    headers['if-unmodified-since'] !== undefined
  );
}

/** `present`: null for no file. `reading`: GET or HEAD, where what the client has already is `notModified`. */
export function precondition(
  headers: PreconditionHeaders,
  present: Validators | null,
  { reading }: { readonly reading: boolean },
): 'holds' | 'notModified' | 'failed' {
  const match = headers['if-match'];
  if (match !== undefined) {
    if (!lists(match, present, { weakly: false })) return 'failed';
  } else if (isSince(headers['if-unmodified-since'], present) === false) return 'failed';
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) {
    if (!lists(noneMatch, present, { weakly: true })) return 'holds';
    return reading ? 'notModified' : 'failed';
  }
  return reading && isSince(headers['if-modified-since'], present) ? 'notModified' : 'holds';
}

/** Whether the rest of what a client has fits this file, so that it may have a range of it (`If-Range`). */
export function mayContinue(header: string | undefined, present: Validators): boolean {
  if (header === undefined) return true;
  if (header.includes('"')) return header.trim() === entityTag(present.tag);
  return header.trim() === httpDate(present.modifiedMs);
}

function lists(
  header: string,
  present: Validators | null,
  { weakly }: { readonly weakly: boolean },
): boolean {
  if (present === null) return false;
  if (header.trim() === '*') return true;
  const wanted = entityTag(present.tag);
  const tags = header.matchAll(/(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g);
  return tags.some(([, weak, tag]) => tag === wanted && (weakly || weak === undefined));
}

/** Whether the file is as old as the date, or older; null without a date or a file. */
function isSince(date: string | undefined, present: Validators | null): boolean | null {
  if (date === undefined || present === null) return null;
  const since = Date.parse(date);
  if (Number.isNaN(since)) return null;
  return Math.floor(present.modifiedMs / 1000) * 1000 <= since;
}
