// A failing text, made as short as it can be while it still fails (delta debugging).
import { lex } from '../../../src/language/lexer.ts';

type Fails = (text: string) => boolean;

/** The shortest text found that still fails; asks `fails` at most `attemptsMax` times. */
export function minimise(text: string, fails: Fails, attemptsMax = 3000): string {
  let left = attemptsMax;
  const asked: Fails = (candidate) => left-- > 0 && fails(candidate);
  let best = text;
  for (;;) {
    const shorter = withoutParts(withoutBrackets(best, asked), asked);
    if (shorter.length === best.length || left <= 0) return shorter;
    best = shorter;
  }
}

/** Takes out bracketed parts, what they hold, or the brackets alone. */
function withoutBrackets(text: string, fails: Fails): string {
  let best = text;
  for (let index = 0; ; index++) {
    const { tokens } = lex(best);
    const open = tokens[index];
    if (open === undefined) return best;
    const close = tokens[open.partner];
    if (close === undefined || open.partner < index) continue;
    const inner = best.slice(open.end, close.start);
    const [before, after] = [best.slice(0, open.start), best.slice(close.end)];
    const candidates = [
      before + after,
      before + best.slice(open.start, open.end) + best.slice(close.start, close.end) + after,
      before + inner + after,
    ];
    const shorter = candidates.find(
      (candidate) => candidate.length < best.length && fails(candidate),
    );
    if (shorter === undefined) continue;
    best = shorter;
    index--;
  }
}

/** Takes out runs of characters, long ones first. */
function withoutParts(text: string, fails: Fails): string {
  let best = [...text];
  for (
    let size = Math.ceil(best.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let start = 0; start < best.length; ) {
      const candidate = [...best.slice(0, start), ...best.slice(start + size)];
      if (fails(candidate.join(''))) best = candidate;
      else start += size;
    }
  }
  return best.join('');
}
