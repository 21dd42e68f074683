// What every golden program leaves behind survives a heap image: the same variables, and again the same image.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createInterpreter } from '#language';
import { FakeNetwork } from '../doubles/fake-network.ts';
import { RecordingHost } from '../doubles/recording-host.ts';
import { imageOf, sessionOf } from '../helpers/heap-images.ts';
import { TemporaryWorkspace } from '../helpers/temporary-workspace.ts';
import { readExpectations } from './expectations.ts';

const folder = import.meta.dirname;

describe('what the golden program leaves behind', () => {
  it.each(programFiles())('%s survives a heap image', (file) => {
    const program = readExpectations(readFileSync(join(folder, file), 'utf8'));
    using workspace = new TemporaryWorkspace(program.files ?? new Map());
    const host = new RecordingHost({
      lines: program.lines,
      ...(program.files === null ? {} : { files: workspace.files }),
      ...(program.network ? { network: new FakeNetwork() } : {}),
    });
    host.features = new Set(program.features);
    const interpreter = createInterpreter(host);
    for (const unit of program.units) interpreter.execute(unit.source, { args: program.args });

    const image = imageOf(interpreter);
    const loaded = sessionOf(image);
    const all = { includeValues: true };
    expect(loaded.variables(all)).toEqual(interpreter.variables(all));
    for (const { name } of loaded.variables(all)) {
      expect(loaded.inspect(name, [], 8), name).toEqual(interpreter.inspect(name, [], 8));
    }
    expect(imageOf(loaded)).toEqual(image);
  });
});

function programFiles(): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ai'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
