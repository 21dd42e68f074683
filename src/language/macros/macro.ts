// Macros (SPEC 6.8): what a session keeps of one, and what the expansion knows of one.
import { parse } from '../parser.ts';
import type { MacroDeclaration } from '../syntax.ts';

/** A macro as the session keeps it: its definition as written, plain data, so that a heap image can hold it. */
export type MacroSource = { readonly name: string; readonly source: string };

/** By the name it is called by; `t::name` for the macro of a module. Replaced as a whole, never changed. */
export type MacroTable = ReadonlyMap<string, MacroSource>;

export type Macro = {
  readonly declaration: MacroDeclaration;
  /** The places in `declaration` are places in this text; null: in the unit that is being expanded. */
  readonly origin: MacroSource | null;
  /** False for what the template of another macro defines: no text says it, so the session does not keep it. */
  readonly written: boolean;
};

/** Whether a text is the definition of one macro and nothing else. */
export function isMacro(source: string): boolean {
  const { program, diagnostics } = parse(source);
  const isSound = diagnostics.every(({ severity }) => severity !== 'error');
  return isSound && program.body.length === 1 && program.body[0]?.type === 'MacroDeclaration';
}

const parsed = new WeakMap<MacroSource, Macro>();

/** The macro of an earlier unit. */
export function macroOf(origin: MacroSource): Macro {
  let macro = parsed.get(origin);
  if (macro === undefined) {
    const [declaration] = parse(origin.source).program.body;
    if (declaration?.type !== 'MacroDeclaration')
      throw new Error('a session keeps what is no macro');
    macro = { declaration, origin, written: true };
    parsed.set(origin, macro);
  }
  return macro;
}
