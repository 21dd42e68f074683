// `?(c){...} else {...}` as an operand (SPEC 4.3.5): statements inside an expression. Blocks of plain expressions become one
// expression; others run in an arrow function called at once, and a jump out of one is thrown as `exit` and completed by
// the statement around (see `completeExits`).
import type { Block, BlockConditional } from '../syntax.ts';
import { bothEffects, type Code, code } from './code.ts';
import type { FunctionEmission } from './function-emission.ts';

export function blockConditional(f: FunctionEmission, node: BlockConditional): Code {
  const condition = f.expression(node.condition);
  const start = f.assigned.branch();
  const then = blockValue(f, node.then);
  f.assigned.merge(start);
  const otherwise =
    node.otherwise.type === 'Block' ? blockValue(f, node.otherwise) : f.expression(node.otherwise);
  f.assigned.merge(start);
  const effects = bothEffects(condition.effects, bothEffects(then.effects, otherwise.effects));
  return code(`(${condition.text}?${then.text}:${otherwise.text})`, 'value', effects);
}

function blockValue(f: FunctionEmission, block: Block): Code {
  const expressions = block.body.map((item) =>
    item.type === 'ExpressionStatement' ? item.expression : null,
  );
  if (expressions.length > 0 && expressions.every((expression) => expression !== null)) {
    let effects: Code['effects'] = 0;
    const texts = expressions.map((expression) => {
      const value = f.expression(expression);
      effects = bothEffects(effects, value.effects);
      return value.text;
    });
    return code(texts.length === 1 ? texts[0]! : `(${texts.join(',')})`, 'value', effects);
  }
  const outer = { completion: f.completion, arrow: f.insideArrow, loops: f.loopDepth };
  const completion = f.acquire();
  f.completion = completion;
  f.insideArrow = true;
  f.loopDepth = 0;
  const body = f.block(block);
  f.completion = outer.completion;
  f.insideArrow = outer.arrow;
  f.loopDepth = outer.loops;
  f.jumped = false;
  f.release(completion);
  return code(`(()=>{${completion}=null;${body}return ${completion}})()`, 'value', 2);
}

/** Text of a jump, here or out of an arrow. */
export function jump(
  f: FunctionEmission,
  kind: 'return' | 'break' | 'continue',
  value = '',
): string {
  f.jumped = true;
  const leaves = f.insideArrow && (kind === 'return' || f.loopDepth === 0);
  if (!leaves) return kind === 'return' ? `return ${value};` : `${kind};`;
  f.exitUsed = true;
  f.locals.add('x').add('q');
  const set = kind === 'return' ? `q=${value};` : '';
  return `{${set}x="${kind}";throw ${f.helper('exit')}}`;
}

/** Ends a statement in whose expressions `jump` may have thrown; `outerUsed` is what `exitUsed` was before it. */
export function completeExits(f: FunctionEmission, text: string, outerUsed: boolean): string {
  const used = f.exitUsed;
  f.exitUsed = outerUsed || (used && f.insideArrow);
  if (!used || (f.insideArrow && f.loopDepth === 0)) return text;
  const loops = f.loopDepth > 0 ? 'if(x==="break")break;if(x==="continue")continue;' : '';
  const onwards = f.insideArrow ? 'throw z' : 'return q';
  return `try{${text}}catch(z){if(z!==${f.helper('exit')})throw z;${loops}${onwards}}`;
}
