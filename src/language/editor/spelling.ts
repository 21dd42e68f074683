// How the formatter writes what has more than one spelling (SPEC 2).
import { functionSymbols } from '../symbols.ts';

export type SpellingName = 'ascii' | 'symbolic';

export type Spelling = {
  readonly if: string;
  readonly else: string;
  readonly elseIf: string;
  readonly while: string;
  readonly for: string;
  readonly endless: string;
  readonly return: string;
  readonly function: string;
  readonly module: string;
  readonly export: string;
  readonly import: string;
  readonly macro: string;
  readonly macroArrow: string;
  readonly arrow: string;
  readonly true: string;
  readonly false: string;
  /** Operators that are written otherwise. */
  readonly operators: ReadonlyMap<string, string>;
  /** Called functions that are written otherwise. */
  readonly functions: ReadonlyMap<string, string>;
};

export const spellings: Readonly<Record<SpellingName, Spelling>> = {
  ascii: {
    if: 'if ',
    else: 'else ',
    elseIf: 'else if ',
    while: 'while ',
    for: 'for ',
    endless: 'while (true) ',
    return: 'return',
    function: 'function ',
    module: 'module ',
    export: 'export ',
    import: 'import ',
    macro: 'macro ',
    macroArrow: '=>',
    arrow: '=>',
    true: 'true',
    false: 'false',
    operators: new Map(),
    functions: new Map(),
  },
  symbolic: {
    if: 'ι',
    else: 'ε ',
    elseIf: 'ε ι',
    while: '@',
    for: '@',
    endless: '∞ ',
    return: '⟼',
    function: 'ƒ',
    module: 'λ',
    export: '⊢ ',
    import: '⟑ ',
    macro: 'ℳ ',
    macroArrow: '⟼',
    arrow: '→',
    true: '⊤',
    false: '⊥',
    operators: new Map([
      ['!=', '≠'],
      ['<=', '≤'],
      ['>=', '≥'],
    ]),
    // The last symbol of a name would win; the first one is the usual one.
    functions: new Map([...functionSymbols].reverse().map(([symbol, name]) => [name, symbol])),
  },
};
