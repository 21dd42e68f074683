// The symbolic spelling as data (SPEC 2): which symbol stands for which ASCII form. Used by the lexer, the resolver,
// the editor and the documentation. It decides nothing by itself: symbols with several meanings are read by the parser.

/**
 * Symbols that are another spelling of a name: tokens of kind `symbol` whose text is the ASCII name.
 * Symbols that mean this only in some places (`⊢ ÷ ? 🎤 ε`) are in `contextualSymbols`.
 */
export const functionSymbols: ReadonlyMap<string, string> = new Map([
  ['⌽', 'print'],
  ['∑', 'sum'],
  ['∏', 'product'],
  ['√', 'sqrt'],
  ['∫', 'integrate'],
  ['∀', 'each'],
  ['＋', 'add'],
  ['⊣', 'pop'],
  ['🔢', 'Number'],
  ['🔤', 'String'],
  ['⎋', 'JSON'],
  ['⏰', 'sleep'],
  ['🖥', 'os'],
  ['🌐', 'env'],
  ['📂', 'readdir'],
  ['📖', 'lookup'],
  ['✍', 'write'],
  ['↱', 'write'],
  ['↯', 'read'],
  ['✂', 'remove'],
  ['⧉', 'copy'],
  ['↷', 'move'],
  ['↗', 'get'],
  ['⇓', 'get'],
  ['↓', 'post'],
  ['⇑', 'post'],
  ['⟿', 'channel'],
  ['⇢', 'send'],
  ['⇠', 'receive'],
  ['⟰', 'shared'],
  ['⇡', 'shared_set'],
  ['⇣', 'shared_get'],
  ['📝', 'dict_set'],
  ['🔠', 'dict_load'],
  ['💾', 'dict_save'],
  ['🔄', 'dict_use'],
  ['🗑', 'forget'],
  ['🔒', 'encrypt'],
  ['🔑', 'decrypt'],
]);

/** Symbols that are a function in operand position (SPEC 4.3.4–6) and syntax elsewhere. `#(` and `#f(` are told apart by the lexer. */
export const contextualSymbols: ReadonlyMap<string, string> = new Map([
  ['⊢', 'push'],
  ['÷', 'try_call'],
  ['?', 'exists'],
  ['🎤', 'input'],
  ['ε', 'env'],
  ['#', 'hash'],
  ['#f', 'hash_file'],
]);

/** Library symbols (SPEC 2.2). They have no ASCII name: an Identifier carries the symbol itself. `⚠.÷` is read as `try_call`. */
export const librarySymbols: ReadonlyMap<string, string> = new Map([
  ['∇', 'core library'],
  ['⌸', 'file library'],
  ['⚡', 'network library'],
  ['⚯', 'concurrency library'],
  ['⚿', 'security library'],
  ['⟑', 'type library'],
]);

/** Symbols that are names, but of things no session has (SPEC 9.14). An Identifier carries the symbol itself. */
export const unavailableSymbols: ReadonlySet<string> = new Set([
  ...['⬢', '□', '⬚', '✎', '⌨', '⚈', '⟳'],
  ...['🖱', '👁', '🧠', '❌', '~', '⥮', '⊲', '⇉'],
  ...['🔓_fs', '🔓_sh', '🔓_net', '📁_allow'],
]);

/** Other spellings of punctuation and keywords, by the text their token has. */
export const spellings: ReadonlyMap<string, string> = new Map([
  ['≠', '!='],
  ['≤', '<='],
  ['≥', '>='],
  ['→', '=>'],
  ['⊤', 'true'],
  ['⊥', 'false'],
  ['↵', 'return'],
]);

/** Syntax symbols (SPEC 2.1) and how the ASCII spelling writes the same. */
export const syntaxSymbols: ReadonlyMap<string, string> = new Map([
  ['λ', 'module name {…}, or (p) => {…} as an operand'],
  ['⟨', 'import "name"'],
  ['⟩', 'import "name"'],
  ['φ', '(p) => {…}'],
  ['ƒ', 'function name(p) {…}'],
  ['⟼', 'return, or => after parameters'],
  ['↵', 'return'],
  ['→', '=>'],
  ['ι', 'let, or if'],
  ['σ', 'let'],
  ['ξ', 'let'],
  ['β', 'let'],
  ['ε', 'else'],
  ['∞', 'while (true) {…}'],
  ['@', 'for (…) {…}, or while (…) {…}'],
  ['÷', 'try {…} catch {…}'],
  ['⚠', 'error'],
  ['←', '='],
  ['≠', '!='],
  ['≤', '<='],
  ['≥', '>='],
  ['⊤', 'true'],
  ['⊥', 'false'],
  ['∅', 'an empty collection'],
  ['⊢', 'export'],
  ['⟑', 'import'],
  ['⇪', 'import'],
  ['🎤', 'input()'],
  ['ℳ', 'macro'],
]);

/** Names that call a built-in in call position when no user binding of that name is visible (SPEC 2.3). */
export const oneLetterCalls: ReadonlyMap<string, string> = new Map([
  ['r', 'read'],
  ['w', 'write'],
  ['d', 'readdir'],
  ['x', 'remove'],
  ['c', 'copy'],
  ['e', 'exists'],
  ['g', 'get'],
  ['p', 'post'],
  ['j', 'parse_json'],
  ['h', 'hash_file'],
  ['s', 'os'],
  ['v', 'env'],
  ['m', 'remember'],
  ['n', 'recall'],
  ['f', 'forget'],
]);
