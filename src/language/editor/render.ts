// Layout → text: breaks the groups that do not fit. Linear: it looks ahead no further than one line.
import type { Layout } from './layout.ts';

type Job = { readonly layout: Layout; readonly indentation: number; readonly flat: boolean };

/** The text of a layout in lines of about `width` columns; ends with a line end unless it is empty. */
export function render(layout: Layout, width: number): string {
  const writer = new Writer();
  const jobs: Job[] = [{ layout, indentation: 0, flat: false }];
  for (let job = jobs.pop(); job; job = jobs.pop()) {
    const { layout, indentation, flat } = job;
    if (typeof layout === 'string') writer.write(layout, indentation);
    else if (!('kind' in layout)) pushAll(jobs, layout, job);
    else if (layout.kind === 'suffix') writer.suffix(layout.text);
    else if (layout.kind === 'hard') writer.newLine(layout.blank);
    else if (layout.kind === 'line') {
      if (flat) writer.write(layout.flat, indentation);
      else writer.newLine(false);
    } else if (layout.kind === 'indent') {
      jobs.push({ layout: layout.content, indentation: indentation + indentWidth, flat });
    } else {
      const column = Math.max(writer.column, indentation);
      const fits = !layout.broken && (flat || fitsIn(width - column, layout.content, jobs));
      jobs.push({ layout: layout.content, indentation, flat: fits });
    }
  }
  return writer.end();
}

/** Whether a group's content and what follows it up to the next possible break take at most that many columns. */
function fitsIn(columns: number, content: Layout, after: readonly Job[]): boolean {
  let room = columns;
  let rest = after.length;
  const pending: { layout: Layout; flat: boolean }[] = [{ layout: content, flat: true }];
  for (;;) {
    const next = pending.pop() ?? after[--rest];
    if (next === undefined) return true;
    const { layout, flat } = next;
    if (typeof layout === 'string') {
      const lineEnd = layout.indexOf('\n');
      room -= lineEnd < 0 ? layout.length : lineEnd;
      if (room < 0) return false;
      if (lineEnd >= 0) return true;
    } else if (!('kind' in layout)) {
      for (let i = layout.length - 1; i >= 0; i--) pending.push({ layout: layout[i]!, flat });
    } else if (layout.kind === 'hard') return true;
    else if (layout.kind === 'line') {
      if (!flat) return true;
      room -= layout.flat.length;
    } else if (layout.kind === 'indent') pending.push({ layout: layout.content, flat });
    else if (layout.kind === 'group') {
      pending.push({ layout: layout.content, flat: flat && !layout.broken });
    }
  }
}

function pushAll(jobs: Job[], parts: readonly Layout[], { indentation, flat }: Job): void {
  for (let i = parts.length - 1; i >= 0; i--) jobs.push({ layout: parts[i]!, indentation, flat });
}

/** Writes lines without trailing blanks; what comes at the end of a line waits until it ends. */
class Writer {
  readonly #pieces: string[] = [];
  #suffixes: string[] = [];
  /** Of the present line. */
  #indentation = 0;
  /** Blanks that are written only if something follows on the line. */
  #blanks = '';
  #lineIsEmpty = true;
  column = 0;

  write(text: string, indentation: number): void {
    if (text === '') return;
    const words = text.trimStart();
    if (words === '') {
      if (!this.#lineIsEmpty) this.#blanks += text;
      this.column += text.length;
      return;
    }
    const kept = words.trimEnd();
    if (this.#lineIsEmpty) this.#indentation = indentation;
    const before = this.#lineIsEmpty
      ? ' '.repeat(indentation)
      : this.#blanks + text.slice(0, text.length - words.length);
    this.#pieces.push(before, kept);
    this.#blanks = words.slice(kept.length);
    const lastLine = text.length - 1 - text.lastIndexOf('\n');
    const stays = lastLine === text.length;
    this.column = stays ? (this.#lineIsEmpty ? indentation : this.column) + text.length : lastLine;
    this.#lineIsEmpty = false;
  }

  suffix(text: string): void {
    this.#suffixes.push(text);
  }

  newLine(blank: boolean): void {
    this.#writeSuffixes();
    this.#pieces.push(blank ? '\n\n' : '\n');
    this.#startLine();
  }

  end(): string {
    this.#writeSuffixes();
    const text = this.#pieces.join('').trim();
    return text === '' ? '' : `${text}\n`;
  }

  /** Behind a comment up to the end of the line, the next one needs a line of its own. */
  #writeSuffixes(): void {
    const suffixes = this.#suffixes;
    this.#suffixes = [];
    suffixes.forEach((text, index) => {
      if (index > 0) {
        this.#pieces.push('\n');
        this.#startLine();
      }
      this.write(this.#lineIsEmpty ? text : ` ${text}`, this.#indentation);
    });
  }

  #startLine(): void {
    this.#lineIsEmpty = true;
    this.#blanks = '';
    this.column = 0;
  }
}

const indentWidth = 2;
