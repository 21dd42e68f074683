// While tokens are made: which bracket closes which, and whether the next token may begin an operand. The second
// answer tells a regular expression from a division without asking the parser (SPEC 1.4).
import type { Token } from './token.ts';

export class BracketMatcher {
  readonly #tokens: readonly Token[];
  /** Open brackets, innermost last. */
  readonly #open: { readonly index: number; readonly text: string; readonly isBlock: boolean }[] =
    [];
  readonly #openCount = new Map<string, number>();
  #after: 'nothing' | 'operand' | 'operator' | 'block' = 'nothing';

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** True where a `/` begins a regular expression: not after an operand, and after a block's `}` only on a later line. */
  operandExpected(lineBreakBefore: boolean): boolean {
    return this.#after === 'block' ? lineBreakBefore : this.#after !== 'operand';
  }

  /** Takes note of the newest token; `written` is its first character in the source. */
  seen(written: string): void {
    const index = this.#tokens.length - 1;
    const token = this.#tokens[index];
    if (!token) return;
    if (token.kind !== 'punctuation')
      this.#after = endsOperand(token, written) ? 'operand' : 'operator';
    else if (partnerOf.has(token.text)) this.#opened(token.text, index);
    else if (closers.has(token.text)) this.#closed(token.text, index);
    else this.#after = operandPunctuation.has(token.text) ? 'operand' : 'operator';
  }

  #opened(text: string, index: number): void {
    const before = this.#tokens[index - 1]?.text ?? '';
    // Where an operand is expected a brace holds an object; after `=>` and between statements, a block.
    const isBlock = text === '{' && (this.#after !== 'operator' || blockOpeners.has(before));
    this.#open.push({ index, text, isBlock });
    this.#openCount.set(text, (this.#openCount.get(text) ?? 0) + 1);
    this.#after = isBlock ? 'nothing' : 'operator';
  }

  /** Pairs the bracket with the nearest one it can close; those left open in between stay without a partner. */
  #closed(text: string, index: number): void {
    let closes = false;
    for (let top = this.#open.at(-1); top && this.#canClose(text); top = this.#open.at(-1)) {
      this.#open.pop();
      this.#openCount.set(top.text, (this.#openCount.get(top.text) ?? 0) - 1);
      if (partnerOf.get(top.text) !== text) continue;
      this.#pair(top.index, index);
      closes = top.isBlock;
      break;
    }
    this.#after = closes ? 'block' : 'operand';
  }

  #canClose(text: string): boolean {
    for (const [open, close] of partnerOf) {
      if (close === text && (this.#openCount.get(open) ?? 0) > 0) return true;
    }
    return false;
  }

  #pair(open: number, close: number): void {
    const opener = this.#tokens[open];
    const closer = this.#tokens[close];
    if (opener) opener.partner = close;
    if (closer) closer.partner = open;
  }
}

function endsOperand(token: Token, written: string): boolean {
  if (token.kind === 'keyword') return operandKeywords.has(token.text);
  if (token.kind === 'mark') return token.text === 'φ' || token.text === 'ε';
  // `⌽ /a/` prints a regular expression: the symbol needs no parentheses (SPEC 4.3.7).
  if (token.kind === 'symbol') return written !== '⌽';
  return token.kind !== 'unknown';
}

const partnerOf: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
  ['#[', ']'],
  ['⟨', '⟩'],
]);
const closers: ReadonlySet<string> = new Set(partnerOf.values());
const blockOpeners: ReadonlySet<string> = new Set([
  ';',
  '=>',
  'else',
  'try',
  'finally',
  'catch',
  '∞',
  '÷',
  'ε',
  'ƒ',
  'λ',
]);
const operandPunctuation: ReadonlySet<string> = new Set(['∅', '🎤', '⚠', '++', '--']);
const operandKeywords: ReadonlySet<string> = new Set([
  'true',
  'false',
  'null',
  'undefined',
  'this',
]);
