// The lines that a program's `input()` reads: text given beforehand and typed later, cut at line ends.

/** Text that nobody has read yet; what is typed beyond it is dropped. */
const pendingLengthMax = 4 * 1024 * 1024;

export class InputLines {
  #pending: string;
  readonly #open: boolean;

  /** `open`: more text may come, so that a last line without its end is not a line yet. */
  constructor(given: string, open: boolean) {
    // Text that was given as a whole is complete, however it ends.
    this.#pending = open && given !== '' && !given.endsWith('\n') ? `${given}\n` : given;
    this.#open = open;
  }

  add(text: string): void {
    const room = pendingLengthMax - this.#pending.length;
    this.#pending += text.slice(0, Math.max(0, room));
    // Whoever waits for the line that was too long gets as much of it as there was room for.
    if (text.length > room && !this.#pending.endsWith('\n')) this.#pending += '\n';
  }

  /** The next line without its end; null when there is none (yet). */
  next(): string | null {
    const end = this.#pending.indexOf('\n');
    if (end === -1) {
      if (this.#open || this.#pending === '') return null;
      const last = this.#pending;
      this.#pending = '';
      return last;
    }
    const line = this.#pending.slice(0, end);
    this.#pending = this.#pending.slice(end + 1);
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }
}
