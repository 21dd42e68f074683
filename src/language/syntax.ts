// The syntax tree, declared once, as one union. All spellings of a program give the same tree (SPEC 4, names from 11).
// Nodes are plain data. The parser makes them, the resolver annotates names in side tables, nobody changes them.
import type { Span } from './span.ts';

type Node<Type extends string, Fields = unknown> = {
  readonly type: Type;
  readonly span: Span;
} & Readonly<Fields>;

/** A name with its own place, for precise errors and for the editor. `text` is the ASCII form for symbols (`⌽` is `print`), as written otherwise. */
export type Name = {
  readonly text: string;
  readonly span: Span /** The name was written as a function symbol of SPEC 2.2. */;
  readonly symbol?: true;
};

export type Program = Node<'Program', { body: readonly Item[] }>;

// --- items -------------------------------------------------------------------------------------------------------

export type Item =
  | MainModule
  | ModuleDeclaration
  | ImportDeclaration
  | ExportDeclaration
  | MacroDeclaration
  | Statement;

export type MainModule = Node<'MainModule', { members: readonly Item[] }>;
export type ModuleDeclaration = Node<
  'ModuleDeclaration',
  { name: Name; version: string | null; members: readonly Item[] }
>;
export type ExportDeclaration = Node<
  'ExportDeclaration',
  { declaration: Item | null /** `export name as other` */; name: Name | null; alias: Name | null }
>;
export type ImportItem = { readonly name: Name; readonly alias: Name | null };
export type ImportDeclaration = Node<
  'ImportDeclaration',
  {
    /** `a::b` as a path of names, or the text of `import "name"` / `λ⟨name⟩`. */
    source:
      | { readonly kind: 'path'; readonly path: readonly Name[] }
      | { readonly kind: 'file'; readonly name: string };
    version: string | null;
    alias: Name | null;
    items: '*' | readonly ImportItem[] | null;
  }
>;
export type MacroDeclaration = Node<
  'MacroDeclaration',
  { name: Name; parameters: readonly Name[]; template: Statement | Expression }
>;

// --- statements --------------------------------------------------------------------------------------------------

export type Statement =
  | Block
  | EmptyStatement
  | VariableDeclaration
  | FunctionDeclaration
  | If
  | While
  | For
  | ForIn
  | Try
  | Return
  | Throw
  | Break
  | Continue
  | AttributedItem
  | ExpressionStatement;

/** `expansion`: what a macro left in place of a call, home of the names that its template declares. */
export type Block = Node<'Block', { body: readonly Item[]; expansion?: true }>;
export type EmptyStatement = Node<'EmptyStatement'>;
/** `mark`: a type mark (`ι σ ξ β`), which declares like `var`. */
export type VariableDeclaration = Node<
  'VariableDeclaration',
  { kind: 'let' | 'const' | 'var' | 'mark'; bindings: readonly Binding[] }
>;
export type Binding = {
  readonly name: Name;
  readonly value: Expression | null;
  readonly span: Span;
};
export type FunctionDeclaration = Node<
  'FunctionDeclaration',
  { name: Name; function: FunctionBody }
>;
export type If = Node<
  'If',
  { condition: Expression; then: Statement; otherwise: Statement | null }
>;
/** `∞{}` and `loop{}` are While(true). */
export type While = Node<'While', { condition: Expression; body: Statement }>;
export type For = Node<
  'For',
  {
    init: VariableDeclaration | readonly Expression[] | null;
    condition: Expression | null;
    step: readonly Expression[];
    body: Statement;
  }
>;
/** Both `for (x in v)` and `for (x of v)`. `kind` null: written without a prefix (SPEC 5.1 rule 2). */
export type ForIn = Node<
  'ForIn',
  {
    operator: 'in' | 'of';
    kind: 'let' | 'const' | 'var' | 'mark' | null;
    name: Name;
    subject: Expression;
    body: Statement;
  }
>;
/** `handler` null only with a finalizer; `name` null for `÷{}{}` and `catch{}`. */
export type Try = Node<
  'Try',
  {
    block: Block;
    handler: { readonly name: Name | null; readonly body: Block } | null;
    finalizer: Block | null;
  }
>;
export type Return = Node<'Return', { value: Expression | null }>;
export type Throw = Node<'Throw', { value: Expression }>;
export type Break = Node<'Break'>;
export type Continue = Node<'Continue'>;
export type AttributedItem = Node<
  'AttributedItem',
  { feature: string; negated: boolean; item: Item }
>;
/** `discarded equality` and similar slips are warnings of the parser, not nodes. */
export type ExpressionStatement = Node<'ExpressionStatement', { expression: Expression }>;

// --- functions ---------------------------------------------------------------------------------------------------

export type Parameter = {
  readonly name: Name;
  readonly defaultValue: Expression | null;
  readonly span: Span;
};

/**
 * `thisMode` 'own': `function`/`ƒ`/ASCII-named functions; 'lexical': arrows, `φ` and `λ` functions (SPEC 5.2).
 * An expression body is one Return in the block.
 */
export type FunctionBody = {
  readonly parameters: readonly Parameter[];
  readonly body: Block;
  readonly thisMode: 'own' | 'lexical';
  readonly span: Span;
};

// --- expressions -------------------------------------------------------------------------------------------------

export type Expression =
  | Assignment
  | CompoundAssignment
  | Update
  | ConditionalExpression
  | BlockConditional
  | Logical
  | Binary
  | Unary
  | Call
  | BlockArgument
  | New
  | Member
  | Index
  | Slice
  | Identifier
  | OuterIdentifier
  | FunctionExpression
  | NumberLiteral
  | StringLiteral
  | BooleanLiteral
  | NullLiteral
  | RegexLiteral
  | EmptyCollection
  | ArrayLiteral
  | ObjectLiteral
  | DictionaryRef
  | UserInput
  | CurrentError
  | This;

export type Target = Identifier | OuterIdentifier | Member | Index;
export type Assignment = Node<'Assignment', { target: Target; value: Expression }>;
export type CompoundAssignment = Node<
  'CompoundAssignment',
  { operator: '+' | '-' | '*' | '/' | '%'; target: Target; value: Expression; operatorSpan: Span }
>;
export type Update = Node<'Update', { operator: '++' | '--'; prefix: boolean; target: Target }>;
export type ConditionalExpression = Node<
  'ConditionalExpression',
  { condition: Expression; then: Expression; otherwise: Expression }
>;
/** `?(c){...} else {...}` as an operand: the value of the last statement of the chosen block (SPEC 4.3.5). */
export type BlockConditional = Node<
  'BlockConditional',
  { condition: Expression; then: Block; otherwise: Block | BlockConditional }
>;
export type Logical = Node<
  'Logical',
  { operator: '&&' | '||'; left: Expression; right: Expression }
>;
export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '**'
  | '<'
  | '>'
  | '<='
  | '>='
  | '=='
  | '!='
  | '==='
  | '!==';
/** `≠` is `!=`, `≤` is `<=`, `=` as equality is `==`. `operatorSpan` is the place of run-time errors. */
export type Binary = Node<
  'Binary',
  { operator: BinaryOperator; operatorSpan: Span; left: Expression; right: Expression }
>;
/** `await` leaves no node. */
export type Unary = Node<'Unary', { operator: '!' | '-' | '+' | 'typeof'; operand: Expression }>;
/** `spread` does not exist in the language. `⌽ a, b` is a Call of Identifier print. */
export type Call = Node<'Call', { callee: Expression; arguments: readonly Expression[] }>;
/** `{...}` as an argument, where it cannot be an object literal: only a macro can take it (SPEC 6.8). Never outside a Call's arguments. */
export type BlockArgument = Node<'BlockArgument', { body: Block }>;
export type New = Node<'New', { callee: Identifier; arguments: readonly Expression[] }>;
/** `x.name` and `x::name`; `path` tells them apart for modules and for the formatter. */
export type Member = Node<'Member', { object: Expression; property: Name; path: boolean }>;
export type Index = Node<'Index', { object: Expression; index: Expression }>;
export type Slice = Node<
  'Slice',
  { object: Expression; from: Expression | null; to: Expression | null }
>;
export type Identifier = Node<
  'Identifier',
  { name: string /** Written as a function symbol of SPEC 2.2. */; symbol?: true }
>;
/** `::x` */
export type OuterIdentifier = Node<'OuterIdentifier', { name: string }>;
export type FunctionExpression = Node<
  'FunctionExpression',
  { name: Name | null; function: FunctionBody }
>;
export type NumberLiteral = Node<'NumberLiteral', { value: number }>;
export type StringLiteral = Node<'StringLiteral', { value: string }>;
export type BooleanLiteral = Node<'BooleanLiteral', { value: boolean }>;
export type NullLiteral = Node<'NullLiteral'>;
export type RegexLiteral = Node<'RegexLiteral', { pattern: string; flags: string }>;
export type EmptyCollection = Node<'EmptyCollection'>;
export type ArrayLiteral = Node<'ArrayLiteral', { elements: readonly Expression[] }>;
export type ObjectLiteral = Node<
  'ObjectLiteral',
  { pairs: readonly { readonly key: string; readonly value: Expression; readonly span: Span }[] }
>;
export type DictionaryRef = Node<'DictionaryRef', { key: string }>;
export type UserInput = Node<'UserInput'>;
/** `⚠`, always; `error` only where the resolver finds no variable of that name inside a catch block (SPEC 2.1), and is an Identifier in the tree. */
export type CurrentError = Node<'CurrentError'>;
export type This = Node<'This'>;

export type AnyNode = Program | Item | Expression;
