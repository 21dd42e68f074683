// Layouts of items (SPEC 4 Item): modules, imports, exports, macros, attributes.
import type {
  ExportDeclaration,
  ImportDeclaration,
  ImportItem,
  Item,
  MacroDeclaration,
} from '../syntax.ts';
import { isIdentifier } from '../token.ts';
import { hardLine, join, type Layout } from './layout.ts';
import { isStatement } from './open-else.ts';
import { StatementLayout } from './statement-layout.ts';
import { isPlainName, quoted } from './written-text.ts';

export abstract class ItemLayout extends StatementLayout {
  protected item(node: Item): Layout {
    switch (node.type) {
      case 'MainModule':
        return ['m ', this.braces(node.members, node.span.end - 1)];
      case 'ModuleDeclaration': {
        const members = this.braces(node.members, node.span.end - 1);
        return [this.spelling.module, node.name.text, versionText(node.version), ' ', members];
      }
      case 'ImportDeclaration':
        return [this.#import(node), ';'];
      case 'ExportDeclaration':
        return [this.spelling.export, this.#exported(node)];
      case 'MacroDeclaration':
        return this.#macro(node);
      case 'AttributedItem': {
        const feature = `feature=${quoted(node.feature)}`;
        const attribute = node.negated ? `#[if(!${feature})]` : `#[${feature}]`;
        return [attribute, hardLine, this.item(node.item)];
      }
      default:
        return this.statement(node);
    }
  }

  #import({ source, version, alias, items }: ImportDeclaration): Layout {
    const renamed = alias ? ` as ${alias.text}` : '';
    if (source.kind === 'path') {
      const path = source.path.map(({ text }) => text).join('::');
      const head = this.spelling.import + path + versionText(version) + renamed;
      if (items === null) return head;
      return items === '*' ? `${head}::*` : [`${head}::`, this.#importItems(items)];
    }
    if (items !== null && items !== '*') {
      return ['import ', this.#importItems(items), ` from ${quoted(source.name)}`];
    }
    // Only the symbolic spelling has a place for the version of a file.
    const isSymbolic = this.spelling.module === 'λ' && !alias && isIdentifier(source.name);
    return version !== null || isSymbolic
      ? `λ⟨${source.name}${versionText(version)}⟩`
      : `import ${quoted(source.name)}${renamed}`;
  }

  #importItems(items: readonly ImportItem[]): Layout {
    const elements = items.map((item) => ({ ...item, span: item.name.span }));
    const end = elements.at(-1)?.span.end ?? 0;
    return this.list(
      ['{', '}'],
      elements,
      ({ name, alias }) => (alias ? `${name.text} as ${alias.text}` : name.text),
      end,
    );
  }

  #exported({ declaration, name, alias }: ExportDeclaration): Layout {
    if (declaration) return this.item(declaration);
    return [name?.text ?? '', alias ? ` as ${alias.text}` : '', ';'];
  }

  #macro({ name, parameters, template }: MacroDeclaration): Layout {
    const keyword = isPlainName(name.text) ? this.spelling.macro : 'ℳ ';
    const list = join(
      parameters.map(({ text }) => text),
      ', ',
    );
    const head = [keyword, name.text, '(', list, `) ${this.spelling.macroArrow} `];
    const body = isStatement(template) ? this.item(template) : this.expressionStatement(template);
    return [head, body];
  }
}

function versionText(version: string | null): string {
  return version === null ? '' : ` v${quoted(version)}`;
}
