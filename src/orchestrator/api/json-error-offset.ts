// Where a text stops being JSON. The platform's parser tells it for some mistakes only; this reads tokens in one pass,
// without recursion, and is asked only after that parser has refused the text.

/** Offset of the first character that cannot belong to a JSON text, its length when it ends too early, null when it is JSON. */
export function jsonErrorOffset(text: string): number | null {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    at = skipBlanks(text, at);
    if (at === text.length) return expected === 'end' ? null : at;
    const token = readToken(text, at);
    if (token === null) return badTokenOffset(text, at);
    const next = follow(expected, token.kind, open);
    if (next === null) return at;
    expected = next;
    at += token.length;
  }
}

type Expected = 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'commaOrEnd' | 'end';
type Kind = 'string' | 'scalar' | '{' | '}' | '[' | ']' | ':' | ',';

function follow(expected: Expected, kind: Kind, open: ('{' | '[')[]): Expected | null {
  const closed = (): Expected => {
    open.pop();
    return open.length === 0 ? 'end' : 'commaOrEnd';
  };
  switch (kind) {
    case '{':
    case '[':
      if (expected !== 'value' && expected !== 'valueOrEnd') return null;
      open.push(kind);
      return kind === '{' ? 'keyOrEnd' : 'valueOrEnd';
    case '}':
      if (open.at(-1) !== '{') return null;
      return expected === 'keyOrEnd' || expected === 'commaOrEnd' ? closed() : null;
    case ']':
      if (open.at(-1) !== '[') return null;
      return expected === 'valueOrEnd' || expected === 'commaOrEnd' ? closed() : null;
    case ':':
      return expected === 'colon' ? 'value' : null;
    case ',':
      if (expected !== 'commaOrEnd') return null;
      return open.at(-1) === '{' ? 'key' : 'value';
    case 'string':
      if (expected === 'key' || expected === 'keyOrEnd') return 'colon';
      break;
    case 'scalar':
      break;
  }
  if (expected !== 'value' && expected !== 'valueOrEnd') return null;
  return open.length === 0 ? 'end' : 'commaOrEnd';
}

const blanks = /[ \t\n\r]*/y;
const stringToken = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const stringStart = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
const scalarToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

function skipBlanks(text: string, at: number): number {
  blanks.lastIndex = at;
  blanks.test(text);
  return blanks.lastIndex;
}

function readToken(text: string, at: number): { kind: Kind; length: number } | null {
  const first = text[at]!;
  if ('{}[]:,'.includes(first)) return { kind: first as Kind, length: 1 };
  const pattern = first === '"' ? stringToken : scalarToken;
  pattern.lastIndex = at;
  if (!pattern.test(text)) return null;
  return { kind: first === '"' ? 'string' : 'scalar', length: pattern.lastIndex - at };
}

/** In a bad string the place is where it breaks off; elsewhere it is the token's beginning. */
function badTokenOffset(text: string, at: number): number {
  if (text[at] !== '"') return at;
  stringStart.lastIndex = at;
  stringStart.test(text);
  return stringStart.lastIndex;
}
