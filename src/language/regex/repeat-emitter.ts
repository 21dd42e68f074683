// Code for quantifiers. A repeated character is a loop that needs at most one entry of the stack, and none where giving
// characters back cannot help; all else puts a choice on the stack for every round.
import { anyOf, anything, type First, groupsIn } from './analysis.ts';
import type { CharacterSet } from './character-set.ts';
import { fail, goTo } from './matcher-code.ts';
import type { MatcherNode } from './matcher-syntax.ts';
import { SetEmitter } from './set-emitter.ts';

type Repeat = MatcherNode & { readonly type: 'repeat' };

/** What comes after a part. */
export type Follow = {
  readonly first: First;
  /** The pattern, or the look-around, has then matched. */
  readonly certain: boolean;
  /** A `\b` comes next, with these word characters. */
  readonly boundary: CharacterSet | null;
};

/** After the last part of a pattern or of a look-around. */
export const matched: Follow = { first: anything, certain: true, boundary: null };

/** The largest number that a position can be, so the same as no limit. */
const positionsMax = 2 ** 30;

export abstract class RepeatEmitter extends SetEmitter {
  /** General loops around the present place: registers set inside must be set back. */
  protected loops = 0;
  /** Whether a match found here may leave out parts that come before. */
  protected optional = 0;
  /** Set by the first part of a pattern if it is a loop that no later start can better: `w` is then its end. */
  protected skipsRun = false;
  /** Nothing but the beginnings of groups was emitted yet. */
  protected atStart = true;
  protected hasReferences = false;

  protected abstract node(node: MatcherNode, follow: Follow): void;
  protected abstract groupRegister(index: number, side: 0 | 1): string;

  protected repeat(node: Repeat, follow: Follow, atStart: boolean): void {
    if (node.body.type === 'set') {
      const unlimited = node.max >= positionsMax;
      const wide = this.analysis.isWide(node.body.set);
      if (node.greedy && (!wide || (unlimited && !this.backward && node.min <= 1))) {
        this.#greedySet(node, node.body.set, follow, atStart);
        return;
      }
      if (!node.greedy && !wide && !this.backward) {
        this.#lazySet(node, node.body.set, follow);
        return;
      }
    }
    this.#general(node, follow);
  }

  // --- one character ---------------------------------------------------------------------------------------------

  #greedySet(node: Repeat, set: CharacterSet, follow: Follow, atStart: boolean): void {
    const { code, backward } = this;
    const wide = this.analysis.isWide(set);
    const step = backward ? '-' : '+';
    code.write(`q=i;${this.#limit(node.max)}`);
    const read = wide ? `c=ahead(s,i)` : `c=${this.unitAhead}`;
    const walk = wide ? 'i+=c>65535?2:1' : `i${step}${step}`;
    code.write(`while(i${backward ? '>' : '<'}e&&(${read},${code.test(set)}))${walk};`);
    code.write(backward ? 'f-=q-i;' : 'f-=i-q;');
    if (atStart && node.max >= positionsMax && !this.hasReferences) {
      // Whatever a later start within this run could try has then been tried from this one.
      this.skipsRun = true;
      code.write('w=i;');
    }
    if (node.min > 0) {
      // A wide character may be two units, but then `min` is 1 and any progress is enough.
      code.write(`if(${backward ? 'q-i' : 'i-q'}<${node.min})${fail}`);
    }
    if (this.#needsNoReturn(node, set, follow)) return;
    const next = code.label();
    const back = code.label();
    const least = node.min === 0 ? 'q' : wide ? 'q+(ahead(s,q)>65535?2:1)' : `q${step}${node.min}`;
    code.write(`q=${least};if(i!==q){`);
    code.push('q', 'i', back);
    code.write('}');
    code.begin(next);
    const { backward: direction } = this;
    code.later(() => {
      this.backward = direction;
      this.#giveBack(back, next, wide, follow.first);
    });
  }

  /** One character fewer, and further to where the following part can begin. */
  #giveBack(back: number, next: number, wide: boolean, following: First): void {
    const { code, backward } = this;
    const beyond = backward ? '<' : '>';
    const oneBack = backward ? 'i++;' : wide ? 'i-=before(s,i)>65535?2:1;' : 'i--;';
    code.begin(back);
    code.write(`i=b[sp-1];q=b[sp-2];sp-=2;${oneBack}`);
    const peek = this.peek(following);
    if (peek !== null) code.write(`while(i${beyond}q&&!${peek}){f--;${oneBack}}`);
    code.write(`if(i${beyond}q){b[sp]=q;b[sp+1]=i;b[sp+2]=${back};sp+=3;}`);
    code.write(goTo(next));
  }

  /** Whether what follows fails wherever characters are given back, or never fails at all. */
  #needsNoReturn(
    { min }: Repeat,
    set: CharacterSet,
    { first, certain, boundary }: Follow,
  ): boolean {
    if (certain || (!first.open && !first.set.intersects(set))) return true;
    if (boundary === null || min === 0) return false;
    return set.isWithin(boundary) || !set.intersects(boundary);
  }

  #lazySet(node: Repeat, set: CharacterSet, follow: Follow): void {
    const { code } = this;
    const limited = node.max < positionsMax;
    if (limited) code.write(`q=${this.#forward(node.max)};`);
    if (node.min > 0) {
      code.write(`e=i+${node.min};if(e>n)${fail}`);
      code.write(`while(i<e&&(c=s.charCodeAt(i),${code.test(set)}))i++;if(i<e)${fail}`);
    }
    if (follow.certain || node.max === node.min) return;
    const next = code.label();
    const more = code.label();
    const end = limited ? 'q' : 'n';
    code.begin(next);
    const { open, atEnd, set: following } = follow.first;
    if (!open && !atEnd) {
      // On to where the following part can begin; from there it is tried, and this loop goes on if it fails.
      code.write(`e=i;while(i<${end}&&(c=s.charCodeAt(i),!${code.testUnit(following)})){`);
      code.write(`if(!${code.test(set)}){f-=i-e;${fail}}i++;}f-=i-e;`);
    }
    code.write(`if(i<${end}){`);
    if (limited) code.push('q', 'i', more);
    else code.push('i', more);
    code.write('}');
    code.later(() => {
      code.begin(more);
      code.write(`i=b[--sp];${limited ? 'q=b[--sp];' : ''}c=s.charCodeAt(i);`);
      code.write(`if(!${code.test(set)})${fail}i++;${goTo(next)}`);
    });
  }

  /** Sets `e` to the last position that so many units may reach. */
  #limit(max: number): string {
    if (max >= positionsMax) return `e=${this.backward ? '0' : 'n'};`;
    return this.backward ? `e=i>${max}?i-${max}:0;` : `e=${this.#forward(max)};`;
  }

  #forward(count: number): string {
    return `i+${count}<n?i+${count}:n`;
  }

  // --- anything else ---------------------------------------------------------------------------------------------

  #general(node: Repeat, follow: Follow): void {
    const { code } = this;
    const { min, max, greedy, body } = node;
    const canBeEmpty = this.analysis.minWidth(body) === 0;
    const once = max === 1;
    const counts = !once && (min > 1 || max < positionsMax || (min === 1 && canBeEmpty));
    const count = counts ? code.register() : null;
    const from = canBeEmpty ? code.register() : null;
    const [decide, round, exit] = [code.label(), code.label(), code.label()];
    const first = this.analysis.first(body, this.backward);
    const peek = this.peek(first);
    // Where the next character decides between another round and what follows, no choice is left open.
    const isDecided =
      peek !== null && !follow.first.open && !follow.first.set.intersects(first.set);

    if (count !== null) {
      if (this.loops > 0) this.save(count);
      code.write(`${count}=0;`);
    }
    if (min > 0 && !counts) code.write(goTo(round));
    code.begin(decide);
    code.write('if(--f<0)f=refuel(m,f);');
    const mustGoOn = count !== null && min > 0 ? `${count}<${min}` : null;
    const mayGoOn = [
      ...(count !== null && max < positionsMax ? [`${count}<${max}`] : []),
      ...(peek === null ? [] : [peek]),
    ].join('&&');
    if (mustGoOn) code.write(`if(${mustGoOn})${goTo(round)}`);
    if (mayGoOn !== '') code.write(`if(!(${mayGoOn}))${goTo(exit)}`);
    const resume = code.label();
    if (!isDecided) {
      code.push('i', resume);
      if (!greedy) code.write(goTo(exit));
      code.later(() => {
        code.begin(resume);
        code.write(`i=b[--sp];${goTo(greedy ? exit : round)}`);
      });
    }

    code.begin(round);
    this.loops += once ? 0 : 1;
    this.optional++;
    if (count !== null) {
      this.save(count);
      code.write(`${count}++;`);
    }
    if (from !== null) {
      if (this.loops > 0) this.save(from);
      code.write(`${from}=i;`);
    }
    if (!once) this.#forgetGroups(body);
    const afterRound = once ? follow.first : anyOf([first, follow.first]);
    this.node(
      body,
      once && from === null ? follow : { first: afterRound, certain: false, boundary: null },
    );
    if (from !== null) {
      const allowed = count !== null && min > 0 ? `&&${count}>${min}` : '';
      code.write(`if(i===${from}${allowed})${fail}`);
    }
    this.optional--;
    this.loops -= once ? 0 : 1;
    if (!once) code.write(goTo(decide));
    code.begin(exit);
  }

  /** A register keeps its value for when the matcher comes back to before this place. */
  protected save(register: string): void {
    const { code } = this;
    const restore = code.label();
    code.push(register, restore);
    code.later(() => {
      code.begin(restore);
      code.write(`${register}=b[--sp];${fail}`);
    });
  }

  /** Each round begins with its groups unmatched (ECMAScript 22.2.2.3.1). */
  #forgetGroups(body: MatcherNode): void {
    for (const index of groupsIn(body)) {
      const [start, end] = [this.groupRegister(index, 0), this.groupRegister(index, 1)];
      this.code.write(`if(${start}>=0){`);
      const restore = this.code.label();
      this.code.push(start, end, restore);
      this.code.write(`${start}=${end}=-1;}`);
      this.code.later(() => {
        this.code.begin(restore);
        this.code.write(`${end}=b[--sp];${start}=b[--sp];${fail}`);
      });
    }
  }
}
