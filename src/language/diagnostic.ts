// What the front end has to say about a source text: errors that keep it from running, and warnings.
import type { Span } from './span.ts';

export type Diagnostic = {
  readonly severity: 'error' | 'warning';
  /** Always 'SyntaxError' for an error of the front end. */
  readonly type: 'SyntaxError' | 'Warning';
  readonly message: string;
  /** What was perhaps meant. */
  readonly hint?: string;
  readonly span: Span;
  /** Parsing failed only because the text ended: more input could repair it (SPEC 7.4). */
  readonly incomplete?: true;
};
