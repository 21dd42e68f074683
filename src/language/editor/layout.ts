// Text whose line breaks are not decided yet: what the formatter makes of a tree, and `render` of a layout.

export type Layout =
  | string
  | readonly Layout[]
  /** A break if the group around it is broken, `flat` otherwise. */
  | { readonly kind: 'line'; readonly flat: string }
  /** Always a break; `blank` leaves an empty line. */
  | { readonly kind: 'hard'; readonly blank: boolean }
  | { readonly kind: 'indent'; readonly content: Layout }
  /** On one line if there is room and nothing in it must break. */
  | { readonly kind: 'group'; readonly content: Layout; readonly broken: boolean }
  /** A comment that goes to the end of the line, whatever follows it there. */
  | { readonly kind: 'suffix'; readonly text: string };

export const line: Layout = { kind: 'line', flat: ' ' };
export const softLine: Layout = { kind: 'line', flat: '' };
export const hardLine: Layout = { kind: 'hard', blank: false };
export const blankLine: Layout = { kind: 'hard', blank: true };

export function indent(...content: readonly Layout[]): Layout {
  return { kind: 'indent', content };
}

/** `broken` forces its lines to break; so does any forced break inside. */
export function group(content: Layout, broken = false): Layout {
  return { kind: 'group', content, broken: broken || mustBreak(content) };
}

export function suffix(text: string): Layout {
  return { kind: 'suffix', text };
}

/** The parts with something between them. */
export function join(parts: readonly Layout[], between: Layout): Layout[] {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [between, part]));
}

/** Whether a layout cannot be on one line. Groups inside know it of themselves. */
export function mustBreak(layout: Layout): boolean {
  if (typeof layout === 'string') return false;
  if ('kind' in layout) {
    if (layout.kind === 'group') return layout.broken;
    return layout.kind === 'indent' ? mustBreak(layout.content) : layout.kind === 'hard';
  }
  return layout.some(mustBreak);
}

/** Columns that a layout takes on one line; infinite if it must break. */
export function flatWidth(layout: Layout): number {
  if (typeof layout === 'string') return layout.length;
  if (!('kind' in layout)) return layout.reduce((sum, part) => sum + flatWidth(part), 0);
  if (layout.kind === 'line') return layout.flat.length;
  if (layout.kind === 'suffix') return 0;
  return layout.kind === 'hard' || mustBreak(layout) ? Infinity : flatWidth(layout.content);
}
