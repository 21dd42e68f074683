// Regular expressions (SPEC 9.13). `replace` and `split`, which take texts as well, are in text-parts.ts.
import { RegexValue, type Value } from '../runtime/value.ts';
import { type Given, isMissing, textArgument } from './arguments.ts';
import { type Builtin, type BuiltinContext, type BuiltinError, countPart } from './builtin.ts';
import {
  captured,
  createRegex,
  eachMatch,
  matcherOf,
  matchesAnywhere,
  matchValue,
  nextMatch,
  regexArgument,
} from './regex-search.ts';

export const regex: readonly Builtin[] = [
  {
    name: 'regex',
    aliases: ['⚡.regex'],
    parameters: ['pattern', 'flags'],
    summary:
      'Makes a regex; with a text and a pattern, which is more than flag letters, finds all matches as `find_all` does.',
    example: 'regex("a1b22", "\\d+") // ["1", "22"]',
    errors: [patternError('the pattern or the flags are malformed', 'regex("a(")')],
    run: (context, first, second) => {
      const isFlags = isMissing(second) || (typeof second === 'string' && onlyFlags.test(second));
      return isFlags
        ? makeRegex(context, 'regex', first, second)
        : findAll(context, 'regex', first, second);
    },
  },
  {
    name: 'RegExp',
    parameters: ['pattern', 'flags'],
    summary: 'Makes a regex of a pattern as text; of a regex, a copy, maybe with other flags.',
    example: 'RegExp("a+", "i").test("xA") // true',
    errors: [patternError('the pattern or the flags are malformed', 'RegExp("a", "gg")')],
    run: (context, pattern, flags) => makeRegex(context, 'RegExp', pattern, flags),
  },
  {
    name: 'find_all',
    parameters: ['text', 'pattern'],
    summary: 'All matches of a pattern; where it has a group, what group 1 matched.',
    example: 'find_all("a=1 b=2", /(\\w)=/) // ["a", "b"]',
    errors: [patternError('the pattern is a text and malformed', 'find_all("abc", "a(")')],
    run: (context, text, pattern) => findAll(context, 'find_all', text, pattern),
  },
  {
    name: 'test',
    methodOf: ['regex'],
    parameters: ['regex', 'text'],
    summary: 'Whether a regex matches somewhere in a text, always from its start.',
    example: '/b+/.test("abc") // true',
    errors: [patternError('the pattern is a text and malformed', 'test("a(", "abc")')],
    run: (context, given, text) => {
      const tested = regexArgument(context, 'test', 1, given);
      return matchesAnywhere(context, tested, textArgument('test', 2, text));
    },
  },
  {
    name: 'exec',
    free: false,
    methodOf: ['regex'],
    parameters: ['regex', 'text'],
    summary:
      'The match and its groups, or null; with flags g and y the next one from `lastIndex` on, which is then set behind it.',
    example: '/(\\d)(\\d)?/.exec("a1") // ["1", "1", null]',
    run: (context, given, text) => {
      const used = regexArgument(context, 'exec', 1, given);
      return firstMatch(context, used, textArgument('exec', 2, text));
    },
  },
  {
    name: 'match',
    methodOf: ['regex'],
    parameters: ['regex', 'text'],
    summary:
      'The first match and its groups; with flag g all matches, without groups. Null if there is none.',
    example: 'match(/(\\w)=(\\d)/, "a=1") // ["a=1", "a", "1"]',
    errors: [patternError('the pattern is a text and malformed', 'match("a(", "abc")')],
    run: (context, given, text) => {
      const swapped = text instanceof RegexValue;
      const [used, searched] = swapped ? [text, given] : [given, text];
      return matchesOf(
        context,
        regexArgument(context, 'match', 1, used),
        textArgument('match', swapped ? 1 : 2, searched),
      );
    },
  },
  {
    name: 'String.match',
    aliases: ['match'],
    free: false,
    methodOf: ['string'],
    parameters: ['text', 'regex'],
    summary: '`s.match(re)` is `match(re, s)`.',
    example: '"a1b22".match(/\\d+/g) // ["1", "22"]',
    errors: [patternError('the pattern is a text and malformed', '"abc".match("a(")')],
    run: (context, text, given) => {
      const searched = textArgument('match', 1, text);
      return matchesOf(context, regexArgument(context, 'match', 2, given), searched);
    },
  },
  {
    name: 'search',
    free: false,
    methodOf: ['string'],
    parameters: ['text', 'regex'],
    summary: 'Where the first match begins, -1 if there is none.',
    example: '"abc".search(/[bc]/) // 1',
    errors: [patternError('the pattern is a text and malformed', '"abc".search("a(")')],
    run: (context, text, given) => {
      const searched = textArgument('search', 1, text);
      const used = regexArgument(context, 'search', 2, given);
      return positionOf(context, used, searched);
    },
  },
];

const onlyFlags = /^[gimsuy]*$/;

function patternError(when: string, example: string): BuiltinError {
  return { type: 'ParseError', when, example };
}

function makeRegex(context: BuiltinContext, name: string, pattern: Given, flags: Given): Value {
  const given = isMissing(flags) ? null : textArgument(name, 2, flags);
  if (pattern instanceof RegexValue) {
    return createRegex(context, pattern.pattern, given ?? pattern.flags);
  }
  return createRegex(context, textArgument(name, 1, pattern), given ?? '');
}

function findAll(context: BuiltinContext, name: string, given: Given, pattern: Given): Value[] {
  const text = textArgument(name, 1, given);
  const found: Value[] = [];
  eachMatch(context, regexArgument(context, name, 2, pattern), text, (captures) => {
    countPart(context, found);
    found.push(captured(text, captures, captures.length > 2 ? 1 : 0));
  });
  return found;
}

function matchesOf(context: BuiltinContext, used: RegexValue, text: string): Value {
  if (!used.flags.includes('g')) return firstMatch(context, used, text);
  used.lastIndex = 0;
  const found: Value[] = [];
  eachMatch(context, used, text, (captures) => {
    countPart(context, found);
    found.push(captured(text, captures, 0));
  });
  return found.length === 0 ? null : found;
}

function firstMatch(context: BuiltinContext, used: RegexValue, text: string): Value {
  const captures = nextMatch(context, used, text);
  return captures && matchValue(text, captures);
}

function positionOf(context: BuiltinContext, used: RegexValue, text: string): number {
  return matchesAnywhere(context, used, text) ? matcherOf(used).captures[0]! : -1;
}
