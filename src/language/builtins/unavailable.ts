// Names that the language knows and a sandboxed session refuses (SPEC 2.2, 9.14). They are values like other built-ins, so
// that a program fails where it uses them and says why.
import { raise } from '../runtime/raised.ts';
import type { Builtin } from './builtin.ts';

const noUi = 'UI is not available in this session';
const noBrowser = 'Browser automation is not available in this session';
const noServer = 'Servers and long-lived sockets are not available in this session';
const noCapability =
  'Capabilities are granted by the configuration of the session, not by programs';

export const unavailable: readonly Builtin[] = [
  ...['⬢', '□', '⬚', '✎', '⌨', '⚈', '⟳'].map((name) => refused(name, 'UnsupportedError', noUi)),
  ...['🖱', '👁', '🧠', '❌'].map((name) => refused(name, 'UnsupportedError', noBrowser)),
  refused('⚡.querySelector', 'UnsupportedError', noBrowser),
  refused('⚡.querySelectorAll', 'UnsupportedError', noBrowser),
  ...['⊲', '⇉', '⥮'].map((name) => ({
    ...refused(name, 'UnsupportedError', noServer),
    aliases: [`⚡.${name}`],
  })),
  refused('~', 'UnsupportedError', noServer),
  ...['🔓_fs', '🔓_sh', '🔓_net', '📁_allow'].map((name) =>
    refused(name, 'PermissionError', noCapability),
  ),
  {
    ...refused('shell', 'PermissionError', 'Shell commands are not permitted'),
    aliases: ['sh'],
  },
];

function refused(name: string, type: string, message: string): Builtin {
  return {
    name,
    everyMember: true,
    parameters: ['...values'],
    summary: `Not available: ${message}.`,
    example: `try_call(() => ${name}("x"), e => e.type) // ${type}`,
    errors: [{ type, when: 'it is called', example: `${name}("x")` }],
    run: () => {
      throw raise(type, message);
    },
  };
}
