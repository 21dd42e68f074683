// Questions about tokens further on (SPEC 4.3). None moves the parser. Each looks at the direct content of at most one
// pair of brackets and jumps over those inside, so that all of them together stay linear.
import { reservedWords, type Token } from '../token.ts';

type Tokens = readonly Token[];

/** A name that may be bound: `φ` and `ε` are ordinary names where they are not syntax (SPEC 2.1, 4.3.4). */
export function isName(token: Token | undefined): boolean {
  return token?.kind === 'name' || token?.text === 'φ' || token?.text === 'ε';
}

/** `ι σ ξ β`: begin a declaration. */
export function isTypeMark(token: Token | undefined): boolean {
  return token?.kind === 'mark' && typeMarks.has(token.text);
}

/** The parenthesis at `open` holds nothing but parameters (SPEC 4.3.1). */
export function isParameterList(tokens: Tokens, open: number): boolean {
  const close = tokens[open]?.partner ?? -1;
  if (close < 0) return false;
  let i = open + 1;
  if (i === close) return true;
  for (;;) {
    const marked = isTypeMark(tokens[i]) || tokens[i]?.text === 'λ';
    if (marked) i++;
    if (isName(tokens[i])) {
      i++;
      if (tokens[i]?.text === '=') while (i < close && tokens[i]?.text !== ',') i = next(tokens, i);
    } else if (!marked) return false;
    if (i === close) return true;
    if (tokens[i]?.text !== ',') return false;
    i++;
  }
}

/** An arrow function's arrow stands at `index`; a `⟼` on a later line is a return statement (SPEC 4.3.9). */
export function isArrow(tokens: Tokens, index: number): boolean {
  const token = tokens[index];
  return token?.text === '=>' || (token?.text === '⟼' && !token.lineBreakBefore);
}

/** An arrow function begins at `index`, behind `async` if there is one. */
export function isArrowFunction(tokens: Tokens, index: number): boolean {
  const token = tokens[index];
  if (token?.text === '(') return token.partner >= 0 && isArrow(tokens, token.partner + 1);
  return isName(token) && isArrow(tokens, index + 1);
}

/** The `{` at `index`, where a block could stand too, is an object literal (SPEC 4.3.2). */
export function isObjectStart(tokens: Tokens, index: number): boolean {
  const key = tokens[index + 1];
  return key !== undefined && keyKinds.has(key.kind) && tokens[index + 2]?.text === ':';
}

/** The `{` at `index` begins an argument that cannot be an object literal, so it is a block for a macro (SPEC 6.8). */
export function isBlockArgument(tokens: Tokens, index: number): boolean {
  const key = tokens[index + 1];
  if (key === undefined || key.text === '}' || key.kind === 'end' || isObjectStart(tokens, index))
    return false;
  const after = tokens[index + 2]?.text;
  return !(isName(key) && (after === ',' || after === '}'));
}

/** What `ι` at `index` begins, at the start of a statement (SPEC 4.3.3). */
export function markMeaning(tokens: Tokens, index: number): 'if' | 'function' | 'declaration' {
  const name = tokens[index + 1];
  const after = tokens[index + 2];
  if (name?.text === '(' || !name) return 'if';
  if (after?.text === '(' && !after.lineBreakBefore && (isName(name) || name.kind === 'symbol')) {
    return after.partner >= 0 &&
      isArrow(tokens, after.partner + 1) &&
      isParameterList(tokens, index + 2)
      ? 'function'
      : 'if';
  }
  if (!isName(name)) return name.kind === 'end' ? 'declaration' : 'if';
  if (after?.text === '=' || after?.text === '←') {
    return bodyFollows(tokens, index + 3) ? 'if' : 'declaration';
  }
  if (!after || after.kind === 'end' || [',', ';', '}'].includes(after.text)) return 'declaration';
  if (after.kind === 'name' && (after.text === 'in' || after.text === 'of')) return 'declaration';
  return after.lineBreakBefore && !continuesLine(after) ? 'declaration' : 'if';
}

/** A `;` stands directly inside the parenthesis at `open`. */
export function hasSemicolon(tokens: Tokens, open: number): boolean {
  const close = tokens[open]?.partner ?? -1;
  for (let i = open + 1; i < close; i = next(tokens, i)) if (tokens[i]?.text === ';') return true;
  return false;
}

/** At `index` begins `[let] name in` or `[let] name of`: the head of a loop over a collection. */
export function isLoopOver(tokens: Tokens, index: number): boolean {
  const first = tokens[index];
  const prefixed =
    first?.text === 'let' ||
    first?.text === 'const' ||
    first?.text === 'var' ||
    first?.text === 'λ' ||
    isTypeMark(first);
  const name = prefixed && isName(tokens[index + 1]) ? index + 1 : index;
  const word = tokens[name + 1];
  return (
    isName(tokens[name]) && word?.kind === 'name' && (word.text === 'in' || word.text === 'of')
  );
}

/** The token can begin an operand, and cannot continue one. */
export function startsOperand(token: Token): boolean {
  if (token.kind === 'punctuation') return operandPunctuation.has(token.text);
  if (token.kind === 'keyword') return operandKeywords.has(token.text);
  return token.kind !== 'unknown' && token.kind !== 'end';
}

/** After `if (...)`: the token continues the condition, because no statement can begin with it. */
export function continuesCondition(token: Token, next: Token | undefined): boolean {
  if (token.text === '?') return next?.text !== '(';
  return token.kind === 'punctuation' && conditionOperators.has(token.text);
}

export function isReserved(token: Token): boolean {
  return token.kind === 'name' && reservedWords.has(token.text);
}

/** From `index` on, the expression that ends with its line is directly followed by the `{` of a body. */
function bodyFollows(tokens: Tokens, index: number): boolean {
  for (let i = index; ; i = next(tokens, i)) {
    const token = tokens[i];
    if (!token || token.kind === 'end' || enders.has(token.text)) return false;
    if (i === index) continue;
    if (!endsOperand(tokens, i - 1)) continue;
    const attached = !token.lineBreakBefore && attachments.has(token.text);
    if (!attached && !continuesLine(token)) return false;
    if (token.text === '{' && !isFunctionBody(tokens, i)) return true;
  }
}

/** The `{` at `index` opens the body of an anonymous function or of a conditional expression. */
function isFunctionBody(tokens: Tokens, index: number): boolean {
  const before = tokens[index - 1];
  const head = before?.text === ')' && before.partner >= 0 ? before.partner : index - 1;
  const opener = tokens[head - 1];
  if (opener?.text === '?' || opener?.text === 'function') return true;
  if (opener?.kind === 'mark') return opener.text !== 'ε';
  // `function name(p) {` and `ƒ name(p) {`
  const named = tokens[head - 2];
  return before?.text === ')' && (named?.text === 'function' || named?.text === 'ƒ');
}

function endsOperand(tokens: Tokens, index: number): boolean {
  const token = tokens[index];
  if (!token || token.kind === 'unknown') return false;
  if (token.kind === 'punctuation') return operandEnds.has(token.text);
  if (token.kind === 'keyword') return valueKeywords.has(token.text);
  if (token.kind === 'mark') return token.text === 'φ';
  return token.kind !== 'name' || (token.text !== 'await' && token.text !== 'async');
}

/** A later line that begins with this token continues the statement before it (SPEC 1.5). */
function continuesLine(token: Token): boolean {
  return token.kind === 'punctuation' && lineContinuers.has(token.text);
}

/** The token after this one, jumping over a bracketed part. */
function next(tokens: Tokens, index: number): number {
  const partner = tokens[index]?.partner ?? -1;
  return Math.max(partner, index) + 1;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));
const typeMarks = words('ι σ ξ β');
const keyKinds = words('name symbol keyword mark string number');
const enders = words('; , ) ] }');
const operandEnds = words(') ] } ∅ 🎤 ⚠ ++ --');
/** What may follow an operand on its line, besides operators. */
const attachments = words('{ ( [ ++ -- ⟼ else ε');
const valueKeywords = words('true false null undefined this');
const lineContinuers = words(
  '. :: , ) ] + - * / % ** && || == != === !== < > <= >= = += -= *= /= %= ← => ? :',
);
const operandPunctuation = words('( [ { ! + - ++ -- ? : :: ∅ 🎤 ⚠ ⊢ ÷ ⟑');
const operandKeywords = words('true false null undefined this new function typeof');
const conditionOperators = words('&& || == != === !== = < > <= >= * / % ** . ←');
