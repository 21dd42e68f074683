// Tree → the text of a matcher, a JavaScript function that looks for a match by backtracking. It is a loop over states: a
// state that fails takes the number of the next one from a stack of its own, so no text makes JavaScript recurse, and each
// such step is counted, so every search can be stopped.
import { anyOf, type First, groupsIn } from './analysis.ts';
import { lineEnds } from './character-classes.ts';
import { CharacterSet } from './character-set.ts';
import { charactersBelow, fail, goTo, MatcherCode, type MatcherConstant } from './matcher-code.ts';
import type { MatcherNode } from './matcher-syntax.ts';
import { type Follow, matched, RepeatEmitter } from './repeat-emitter.ts';

export type MatcherText = {
  /** The body of a function; see matcher-support.ts for what it is given. */
  readonly script: string;
  readonly constants: readonly MatcherConstant[];
};

const registersMax = 64;
/** Alternatives from which on a table says where to begin. */
const tableAlternatives = 4;

export function emitMatcher(node: MatcherNode, unicode: boolean, groupCount: number): MatcherText {
  const code = new MatcherCode(registerEstimate(node) > registersMax);
  return new MatcherEmitter(unicode, code).run(node, groupCount);
}

class MatcherEmitter extends RepeatEmitter {
  run(node: MatcherNode, groupCount: number): MatcherText {
    const { code } = this;
    this.hasReferences = contains(node, 'reference');
    for (let i = 0; i < 2 * groupCount; i++) code.register();
    const scan = code.label();
    const nextStart = code.label();
    code.begin(scan);
    const stepsByUnit = this.#scan(node);
    code.write(`if(a>last){give(b);m.step(1000-f);return false}i=a;b[0]=${nextStart};sp=1;`);
    this.node(node, matched);
    // Counting may let other code run, so the result is written after it.
    code.write('give(b);m.step(1000-f);C[0]=a;C[1]=i;');
    for (let index = 1; index <= groupCount; index++) {
      const [start, end] = [this.groupRegister(index, 0), this.groupRegister(index, 1)];
      code.write(`C[${2 * index}]=${start};C[${2 * index + 1}]=${end};`);
    }
    code.write('return true;');
    code.begin(nextStart);
    const from = this.skipsRun ? 'w' : 'a';
    code.write(stepsByUnit ? `a=${from}+1;${goTo(scan)}` : `a=after(s,${from});${goTo(scan)}`);
    return { script: this.#script(this.analysis.minWidth(node)), constants: code.constants };
  }

  #script(minWidth: number): string {
    const states = this.code.finish();
    const { constants, declarations } = this.code;
    return `"use strict";
${constants.map((_, i) => `const k${i}=K[${i}];`).join('')}
return function(s,from,last,m){
const n=s.length;let b=take(),z=b.length,sp=0,f=1000,p=0,a=from,i=0,c=0,q=0,e=0,w=0;
${declarations}
if(last>n-${minWidth})last=n-${minWidth};
l:for(;;){x:switch(p){
${states}
}
if(--f<0)f=refuel(m,f);
p=b[--sp];}}`;
  }

  /** Moves `a` on to where the pattern can begin. Says whether starts may be tried unit by unit. */
  #scan(node: MatcherNode): boolean {
    const { code } = this;
    const prefix = this.#prefix(node);
    const first = this.analysis.first(node, false);
    const usable = !first.open && !first.atEnd;
    const stepsByUnit = !this.unicode || (usable && !this.analysis.isWide(first.set));
    if (isAnchored(node)) code.write('if(last>0)last=0;');
    else if (prefix !== '') {
      const text = code.constant(prefix);
      code.write(`if(a<last){q=a;a=s.indexOf(${text},a);if(a<0)a=n+1;f-=a-q>>4;}`);
    } else if (usable) {
      const step = stepsByUnit ? 'a++' : 'a=after(s,a)';
      const test = code.testUnit(first.set);
      code.write(`q=a;while(a<=last&&(c=s.charCodeAt(a),!${test}))${step};f-=a-q>>3;`);
    }
    return stepsByUnit;
  }

  /** The text that every match begins with. */
  #prefix(node: MatcherNode): string {
    if (node.type === 'group') return this.#prefix(node.body);
    if (node.type !== 'sequence') return this.textOf(node) ?? '';
    let prefix = '';
    for (const part of node.parts) {
      const text = this.textOf(part);
      if (text === null) return prefix === '' ? this.#prefix(part) : prefix;
      prefix += text;
    }
    return prefix;
  }

  protected override groupRegister(index: number, side: 0 | 1): string {
    return this.code.nameOf(2 * (index - 1) + side);
  }

  protected override node(node: MatcherNode, follow: Follow): void {
    const { code, atStart } = this;
    if (node.type !== 'sequence' && node.type !== 'group') this.atStart = false;
    switch (node.type) {
      case 'set': {
        const text = this.textOf(node);
        if (text === null) this.set(node.set);
        else this.text(text);
        break;
      }
      case 'sequence':
        this.#sequence(node.parts, follow);
        break;
      case 'alternation':
        this.#alternation(node.alternatives, follow);
        break;
      case 'group':
        this.#group(node, follow);
        break;
      case 'reference':
        this.#reference(node);
        break;
      case 'lineStart':
        this.#edge('i!==0', 's.charCodeAt(i-1)', node.multiline);
        break;
      case 'lineEnd':
        this.#edge('i!==n', 's.charCodeAt(i)', node.multiline);
        break;
      case 'boundary': {
        const word = code.test(node.word);
        code.write(`q=i>0&&(c=s.charCodeAt(i-1),${word})?1:0;`);
        code.write(`e=i<n&&(c=s.charCodeAt(i),${word})?1:0;`);
        code.write(`if(q${node.negated ? '!==' : '==='}e)${fail}`);
        break;
      }
      case 'look':
        this.#look(node);
        break;
      case 'repeat':
        this.repeat(node, follow, atStart);
        break;
    }
  }

  #sequence(parts: readonly MatcherNode[], follow: Follow): void {
    const ordered = this.backward ? parts.toReversed() : parts;
    const follows: Follow[] = [follow];
    for (let i = ordered.length - 1; i > 0; i--) {
      follows.push(this.#followAt(ordered[i]!, follows.at(-1)!));
    }
    follows.reverse();
    for (let i = 0; i < ordered.length; i++) {
      let text = '';
      for (; i < ordered.length; i++) {
        const more = this.textOf(ordered[i]!);
        if (more === null) break;
        text = this.backward ? more + text : text + more;
      }
      if (text !== '') {
        this.atStart = false;
        this.text(text);
      }
      if (i < ordered.length) this.node(ordered[i]!, follows[i]!);
    }
  }

  #followAt(part: MatcherNode, rest: Follow): Follow {
    const first = this.analysis.followedBy(this.analysis.first(part, this.backward), rest.first);
    const isBoundary = part.type === 'boundary' && !part.negated;
    return { first, certain: false, boundary: isBoundary ? part.word : null };
  }

  #alternation(alternatives: readonly MatcherNode[], follow: Follow): void {
    const { code } = this;
    const firsts = alternatives.map((node) =>
      this.analysis.followedBy(this.analysis.first(node, this.backward), follow.first),
    );
    const laters: First[] = [];
    let later: First = { set: CharacterSet.empty, open: false, atEnd: false };
    for (const first of firsts.toReversed()) {
      laters.unshift(later);
      later = anyOf([first, later]);
    }
    const labels = alternatives.map(() => code.label());
    const end = code.label();
    this.#table(firsts, labels);
    this.optional++;
    for (const [i, node] of alternatives.entries()) {
      const next = labels[i + 1];
      const peek = this.peek(firsts[i]!);
      code.begin(labels[i]!);
      if (peek !== null) code.write(`if(!${peek})${next === undefined ? fail : goTo(next)}`);
      const others = laters[i]!;
      const isOnlyOne = peek !== null && !others.open && !others.set.intersects(firsts[i]!.set);
      if (next !== undefined && !isOnlyOne) {
        const resume = code.label();
        code.push('i', resume);
        code.later(() => {
          code.begin(resume);
          code.write(`i=b[--sp];${goTo(next)}`);
        });
      }
      this.node(node, follow);
      if (next !== undefined) code.write(goTo(end));
    }
    this.optional--;
    code.begin(end);
  }

  /** Goes to the first alternative that the next character allows. */
  #table(firsts: readonly First[], labels: readonly number[]): void {
    if (firsts.length < tableAlternatives || this.backward || labels.at(-1)! > 0xffff) return;
    const table = new Uint16Array(256);
    for (const [i, first] of firsts.entries()) {
      if (first.open || first.atEnd) return;
      for (const character of charactersBelow(256, first.set)) {
        if (table[character] === 0) table[character] = labels[i]!;
      }
    }
    const { code } = this;
    const state = `${code.constant(table)}[c]`;
    code.write(`if(${this.ended})${fail}c=${this.unitAhead};if(c<256){`);
    // State 0 begins the search and no alternative.
    code.write(`p=${state};if(p===0)${fail}continue l}`);
  }

  #group({ index, body }: MatcherNode & { type: 'group' }, follow: Follow): void {
    const { code } = this;
    const width = this.analysis.fixedWidth(body);
    let passed = width === null ? '' : this.passed(width);
    if (width === null) {
      passed = code.register();
      if (this.loops > 0) this.save(passed);
      code.write(`${passed}=i;`);
    }
    this.node(body, follow);
    const [start, end] = [this.groupRegister(index, 0), this.groupRegister(index, 1)];
    // A group that every match passes through is set anew by every match.
    if (this.optional > 0 || this.hasReferences) this.#forgetLater([index]);
    code.write(this.backward ? `${end}=${passed};${start}=i;` : `${start}=${passed};${end}=i;`);
  }

  /** Coming back to before this place, groups are unmatched again, as they were. */
  #forgetLater(indices: readonly number[]): void {
    const { code } = this;
    const forget = code.label();
    code.push(forget);
    code.later(() => {
      code.begin(forget);
      code.write(this.#forgotten(indices) + fail);
    });
  }

  #forgotten(indices: readonly number[]): string {
    return indices
      .map((index) => `${this.groupRegister(index, 0)}=${this.groupRegister(index, 1)}=-1;`)
      .join('');
  }

  #reference({ indices, ignoreCase }: MatcherNode & { type: 'reference' }): void {
    const { code } = this;
    code.write('q=-1;');
    for (const index of indices) {
      const [start, end] = [this.groupRegister(index, 0), this.groupRegister(index, 1)];
      code.write(`if(${start}>=0){q=${start};e=${end};}`);
    }
    const comparison = ignoreCase ? (this.unicode ? 2 : 1) : 0;
    code.write(`if(q>=0){f-=e-q;i=same(s,q,e,i,${this.backward},${comparison});if(i<0)${fail}}`);
  }

  #edge(isInside: string, neighbour: string, multiline: boolean): void {
    const { code } = this;
    if (!multiline) code.write(`if(${isInside})${fail}`);
    else code.write(`if(${isInside}){c=${neighbour};if(!${code.test(lineEnds)})${fail}}`);
  }

  #look({ behind, negated, body }: MatcherNode & { type: 'look' }): void {
    const { code, backward } = this;
    const groups = groupsIn(body);
    const height = code.register();
    const from = negated ? '' : code.register();
    const absent = code.label();
    code.write(`${height}=sp;${negated ? '' : `${from}=i;`}`);
    if (negated) code.push('i', absent);
    this.backward = behind;
    this.optional++;
    this.node(body, matched);
    this.optional--;
    this.backward = backward;
    // What was matched inside is not tried differently later.
    code.write(`sp=${height};`);
    if (negated) {
      code.write(this.#forgotten(groups) + fail);
      code.begin(absent);
      code.write('i=b[--sp];');
    } else {
      code.write(`i=${from};`);
      if (groups.length > 0) this.#forgetLater(groups);
    }
  }
}

function isAnchored(node: MatcherNode): boolean {
  switch (node.type) {
    case 'lineStart':
      return !node.multiline;
    case 'sequence':
      return node.parts[0] !== undefined && isAnchored(node.parts[0]);
    case 'group':
      return isAnchored(node.body);
    case 'alternation':
      return node.alternatives.every(isAnchored);
    default:
      return false;
  }
}

function contains(node: MatcherNode, type: MatcherNode['type']): boolean {
  if (node.type === type) return true;
  return childrenOf(node).some((child) => contains(child, type));
}

function registerEstimate(node: MatcherNode): number {
  const own = { group: 3, repeat: 2, look: 2 } as const;
  const count = node.type in own ? own[node.type as keyof typeof own] : 0;
  return childrenOf(node).reduce((sum, child) => sum + registerEstimate(child), count);
}

function childrenOf(node: MatcherNode): readonly MatcherNode[] {
  if (node.type === 'sequence') return node.parts;
  if (node.type === 'alternation') return node.alternatives;
  return 'body' in node ? [node.body] : [];
}
