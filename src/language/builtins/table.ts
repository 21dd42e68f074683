// All built-ins, listed once. How the runtime finds them:
//   const bound = bindBuiltins(context, builtins, builtinConstants);   once per session; the context gets bound.methods
//   a bare name    bound.names.get('print'): a BuiltinValue, a number (`PI`), or an ObjectValue (`Math`)
//   Math.floor     getMember(context, bound.names.get('Math'), 'floor'): namespaces are ordinary values. Those that can be
//                  called too (`String`, `JSON`) are BuiltinValues with members
//   s.trim()       context.methods.string.get('trim'), then method.run(null, depth, s, ...arguments); getMember binds it
//   free call      value.run(null, depth, ...arguments)
//   r("x")         oneLetterCalls['r'], only in call position and only where no variable has that name (SPEC 2.3)
//   a heap image   stores BuiltinValue.name; bound.functions.get(name) brings it back
import type { BuiltinConstant } from './bind.ts';
import type { Builtin } from './builtin.ts';
import { concurrency } from './concurrency.ts';
import { conversion } from './conversion.ts';
import { cryptography } from './cryptography.ts';
import { date } from './date.ts';
import { dictionary } from './dictionary.ts';
import { dictionaryFile } from './dictionary-file.ts';
import { directory } from './directory.ts';
import { errors } from './errors.ts';
import { file } from './file.ts';
import { general } from './general.ts';
import { json } from './json.ts';
import { list } from './list.ts';
import { listCallbacks } from './list-callbacks.ts';
import { listOrder } from './list-order.ts';
import { math, mathConstants } from './math.ts';
import { memory } from './memory.ts';
import { network } from './network.ts';
import { object } from './object.ts';
import { output } from './output.ts';
import { path } from './path.ts';
import { random } from './random.ts';
import { regex } from './regex.ts';
import { sequence } from './sequence.ts';
import { system } from './system.ts';
import { text } from './text.ts';
import { textParts } from './text-parts.ts';
import { unavailable } from './unavailable.ts';

export { oneLetterCalls } from '../symbols.ts';
export { bindBuiltins } from './bind.ts';

export const builtins: readonly Builtin[] = [
  ...output,
  ...general,
  ...conversion,
  ...text,
  ...textParts,
  ...regex,
  ...sequence,
  ...list,
  ...listCallbacks,
  ...listOrder,
  ...object,
  ...math,
  ...random,
  ...json,
  ...dictionary,
  ...memory,
  ...dictionaryFile,
  ...errors,
  ...concurrency,
  ...cryptography,
  ...date,
  ...system,
  ...file,
  ...directory,
  ...path,
  ...network,
  ...unavailable,
];

export const builtinConstants: readonly BuiltinConstant[] = mathConstants;
