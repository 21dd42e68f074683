import { describe, expect, it } from 'vitest';
import { createInterpreter } from '#language';
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
