// The one way by which text or a number of a program gets into emitted source.

/**
 * A JavaScript string literal for any text.
 *
 * SECURITY: JSON escapes quotes, backslashes, control characters and lone surrogates; the two line separators, which JSON
 * leaves alone, are escaped here. So the text cannot end its literal, its line or its script.
 */
export function literal(text: string): string {
  const quoted = JSON.stringify(text);
  if (!separators.test(quoted)) return quoted;
  return quoted.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

const separators = /[\u2028\u2029]/;

/** A JavaScript expression for a number. */
export function numberLiteral(value: number): string {
  if (Number.isNaN(value)) return '(0/0)';
  if (!Number.isFinite(value)) return value > 0 ? '(1/0)' : '(-1/0)';
  return value < 0 || Object.is(value, -0)
    ? `(${Object.is(value, -0) ? '-0' : value})`
    : `${value}`;
}
