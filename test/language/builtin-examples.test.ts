import { describe, expect, it } from 'vitest';
import { createInterpreter } from '#language';
import type { Builtin } from '../../src/language/builtins/builtin.ts';
import { builtins } from '../../src/language/builtins/table.ts';
import { contextualSymbols, functionSymbols } from '../../src/language/symbols.ts';
import { FakeNetwork } from '../doubles/fake-network.ts';
import { RecordingHost } from '../doubles/recording-host.ts';
import { TemporaryWorkspace } from '../helpers/temporary-workspace.ts';

describe('the example of the built-in', () => {
  it.each(builtins.map((row) => [row.name, row.example] as const))('%s holds', (_name, example) => {
    const [code, result] = example.split(' // ') as [string, string];
    using workspace = new TemporaryWorkspace();
    const host = new RecordingHost({
      lines: ['Ann'],
      files: workspace.files,
      network: new FakeNetwork(),
    });
    const outcome = createInterpreter(host).execute(code);
    expect(outcome.error).toBeUndefined();
    expect([result, JSON.stringify(result)]).toContain(outcome.result?.preview);
  });
});

describe('the example of an error that the built-in lists', () => {
  const listed = builtins.flatMap((row) => (row.errors ?? []).map((error) => ({ row, ...error })));

  it.each(listed)('$row.name: $type, where $when', ({ row, type, example, without }) => {
    using workspace = new TemporaryWorkspace();
    const { files } = workspace;
    const network = without === 'network' ? {} : { network: new FakeNetwork() };
    const host = new RecordingHost({ lines: ['Ann'], files, ...network });
    const { error, result } = createInterpreter(host).execute(example);
    expect(error?.type, error?.message ?? `no error, but ${result?.preview}`).toBe(type);
    expect(namesOf(row).some((name) => example.includes(`${name}(`))).toBe(true);
  });
});

describe('a function symbol', () => {
  it('is listed with the built-in that it stands for', () => {
    for (const [symbol, name] of [...functionSymbols, ...contextualSymbols]) {
      const row = builtins.find((candidate) =>
        [candidate.name, ...(candidate.aliases ?? [])].includes(name),
      );
      if (row !== undefined && symbol !== '?') expect(row.aliases, name).toContain(symbol);
    }
  });
});

/** As programs write them: a member's name stands for itself. */
function namesOf({ name, aliases = [] }: Builtin): string[] {
  return [name, ...aliases].map((one) => one.slice(one.lastIndexOf('.') + 1));
}
