// Profiles as V8 gives them, through the engine and its real worker.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { url as inspectorUrl } from 'node:inspector';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExecutionProfile, limits } from '#protocol';
import { AnarchyEngine } from '../../../../src/agent/engines/anarchy/anarchy-engine.ts';
import { Profiler } from '../../../../src/agent/engines/anarchy/profiler.ts';
import type { EngineOutcome, StopCause } from '../../../../src/agent/engines/engine.ts';
import { configuration, program } from '../../../helpers/commands.ts';
import { newSession } from '../../../helpers/run-program.ts';

const heapBytesMax = 64 * 1024 * 1024;
let workspace: string;
let engine: AnarchyEngine;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'profiler-'));
  engine = startEngine();
});
afterAll(async () => {
  await engine.dispose();
  await rm(workspace, { recursive: true, force: true });
});

function startEngine(bytesMax = heapBytesMax): AnarchyEngine {
  const started = new AnarchyEngine({
    entry: new URL('../../../../src/agent/main.ts', import.meta.url),
    workspace,
    egress: '/nowhere',
  });
  started.configure(configuration({ heapBytesMax: bytesMax }));
  return started;
}

/** `stop`: when the program has written something. */
function run(code: string, options: { profile?: true; stop?: StopCause } = {}, by = engine) {
  const { profile, stop } = options;
  const { executionId: _, ...command } = program('a', code, profile ? { profile } : {});
  return new Promise<EngineOutcome>((resolve) => {
    const events = () => {
      if (stop !== undefined) by.stop(stop);
      return true;
    };
    by.execute(command, { events, ended: resolve });
  });
}

async function profileOf(code: string, by = engine): Promise<ExecutionProfile> {
  const outcome = await run(code, { profile: true }, by);
  expect(outcome.error).toBeUndefined();
  return outcome.profile!;
}

/** Function and line by the time that was spent at each, most first. */
function hotLines({ functions, lines }: ExecutionProfile) {
  return lines
    .toSorted((one, other) => other.selfMs - one.selfMs)
    .map((line) => ({ ...line, ...functions[line.function]!, ...line }));
}

function lineOf(profile: ExecutionProfile, name: string, line: number) {
  const found = hotLines(profile).find((one) => one.name === name && one.line === line);
  if (found === undefined) throw new Error(`nothing at ${name}:${line}`);
  return found;
}

/** A function whose one line takes nearly all of the time, and the lines that it is called from. */
const nested = `function inner(n) {
  let total = 0
  for (i = 0; i < n; i++) {
    for (j = 0; j < 1000; j++) { total = (total * 31 + i * j + 7) % 1000003 }
  }
  return total
}
function outer(n) {
  let sum = 0
  sum = sum + inner(n)

  sum = sum + inner(n * 4)
  return sum
}
`;

describe('a profile', () => {
  it('names the line that takes the time, and those that it was called from', async () => {
    const profile = await profileOf(`${nested}outer(3000)`);
    const [hottest] = hotLines(profile);
    expect(hottest).toMatchObject({ name: 'inner', line: 4 });
    expect(hottest!.selfMs).toBeGreaterThan(profile.programMs / 2);
    const [once, fourTimes] = [lineOf(profile, 'outer', 10), lineOf(profile, 'outer', 12)];
    expect(fourTimes.totalMs).toBeGreaterThan(once.totalMs);
    expect(once.totalMs + fourTimes.totalMs).toBeGreaterThan(profile.programMs * 0.8);
    expect(lineOf(profile, '<main>', 15).totalMs).toBeGreaterThan(profile.programMs * 0.8);
    expect(profile).toMatchObject({ partial: false, truncated: false });
  });

  it('tells the same of code that was made fast by executions before', async () => {
    const other = startEngine();
    try {
      for (let i = 0; i < 3; i++) await run(`${nested}outer(2000)`, {}, other);
      const [again] = hotLines(await profileOf(`${nested}outer(2000)`, other));
      expect(again).toMatchObject({ name: 'inner', line: 4 });
      expect(again).not.toHaveProperty('earlier');
      const [earlier] = hotLines(await profileOf('outer(2000)', other));
      expect(earlier).toMatchObject({ name: 'inner', line: 4, earlier: true });
    } finally {
      await other.dispose();
    }
  });

  it('tells which function allocates', async () => {
    const profile = await profileOf(`function calm(n) {
  let total = 0
  for (i = 0; i < n; i++) { total = (total * 31 + i) % 1000003 }
  return total
}
function fill(n) {
  let kept = []
  for (i = 0; i < n; i++) { kept = [{at: i, pair: [i, i + 1]}, {at: i, pair: [i, i + 1]}] }
  return kept
}
calm(100000)
fill(300000)`);
    const bytes = (name: string) =>
      profile.functions.find((one) => one.name === name)?.allocatedBytes ?? 0;
    expect(bytes('fill')).toBeGreaterThan(20 * 1024 * 1024);
    expect(bytes('calm')).toBeLessThan(bytes('fill') / 10);
    expect(hotLines(profile)[0]).toMatchObject({ name: 'fill', line: 8 });
  });

  it('gives the time of built-ins to the lines that call them', async () => {
    const profile = await profileOf(`let texts = []
for (i = 0; i < 200000; i++) { texts.push("item " + (i * 7919) % 200003) }

texts.sort()
texts.length`);
    expect(lineOf(profile, '<main>', 4).selfMs).toBeGreaterThan(profile.programMs / 4);
  });

  it('takes no line of the engine for one of the program', async () => {
    const profile = await profileOf(`let begun = new Date().getTime()
let x = 0
while (new Date().getTime() - begun < 400) { x = x + 1 }`);
    expect(lineOf(profile, '<main>', 3).selfMs).toBeGreaterThan(profile.programMs / 2);
  });

  it('names files of modules', async () => {
    const text = nested.replace('function outer', 'export function outer');
    await writeFile(join(workspace, 'heavy.ai'), `${text}`);
    const profile = await profileOf('import "heavy"\n\nheavy.outer(3000)');
    expect(hotLines(profile)[0]).toMatchObject({ name: 'inner', line: 4, file: 'heavy.ai' });
    expect(lineOf(profile, '<main>', 3).totalMs).toBeGreaterThan(profile.programMs * 0.8);
  });

  it('gives what a macro becomes to the line of its call', async () => {
    const profile = await profileOf(`macro mixed(total, i) => (total * 31 + i * i + 7) % 1000003
macro often(n, body) => for (i = 0; i < n; i++) { body }
let total = 0

often(20000000, total = mixed(total, 5))
total`);
    expect(hotLines(profile)[0]).toMatchObject({ name: '<main>', line: 5 });
  });

  it.each([
    [
      'words',
      'function heavy(n) {\n  let t = 0\n  for (i = 0; i < n; i++) { t = (t * 31 + i) % 1000003 }\n  return t\n}\n',
    ],
    [
      'short forms',
      'heavy(n)={\n  t = 0\n  for (i=0;i<n;i++){t=(t*31+i)%1000003}\n  return t\n}\n',
    ],
    ['symbols', 'ƒheavy(n){\n  σ t ← 0\n  @(i←0;i<n;i++){t←(t*31+i)%1000003}\n  ⟼(t)\n}\n'],
  ])('is about lines as they are written in %s', async (_, code) => {
    expect(hotLines(await profileOf(`${code}heavy(20000000)`))[0]).toMatchObject({
      name: 'heavy',
      line: 3,
    });
  });

  it('of deep recursion is bounded', async () => {
    const profile = await profileOf(
      'deep(n) { return n == 0 ? 0 : 1 + deep(n - 1) }\nlet sum = 0\nfor (i = 0; i < 300; i++) { sum = sum + deep(3000) }\nsum',
    );
    expect(profile.nodes.length).toBeLessThanOrEqual(limits.profileNodesMax);
    const of = lineOf(profile, 'deep', 1);
    expect(of.totalMs).toBeLessThanOrEqual(profile.programMs + 0.01);
    expect(of.selfMs).toBeGreaterThan(profile.programMs / 2);
  });
});

describe('a program that does not end by itself', () => {
  /** Works for a while before it says that it may be stopped. */
  const endless = `spin(n) {
  let x = 0
  for (i = 0; i < n; i++) { x = (x * 31 + 7) % 1000003 }
}
spin(40000000)
print("on")
while (true) { spin(100000) }`;

  it.each(['cancelled', 'timeout'] as const)('has a profile when it is %s', async (stop) => {
    const { status, profile, stateLost } = await run(endless, { profile: true, stop });
    expect({ status, stateLost }).toEqual({ status: stop, stateLost: false });
    expect(hotLines(profile!)[0]).toMatchObject({ name: 'spin', line: 3 });
  });

  it('has a profile when it reaches its memory limit', async () => {
    const code = 'let x = []\nwhile (true) { x.push([x.length, 2, 3]) }';
    const { error, profile, stateLost } = await run(code, { profile: true });
    expect(error).toMatchObject({ type: 'ResourceLimitError' });
    expect(stateLost).toBe(false);
    expect(hotLines(profile!)[0]).toMatchObject({ name: '<main>', line: 2 });
    await run('x = null');
  });
});

describe('a program with a large heap', () => {
  it('is not held up at its end by what it allocated, and the profile says that this is missing', async () => {
    const other = startEngine(512 * 1024 * 1024);
    try {
      await run(
        'let kept = []\nfor (i = 0; i < 1000000; i++) { kept.push([i, i + 1]) }',
        {},
        other,
      );
      const code = 'print("on")\nlet x = 0\nwhile (true) { x = (x * 31 + 7) % 1000003 }';
      const outcome = await run(code, { profile: true, stop: 'timeout' }, other);
      expect(outcome).toMatchObject({ status: 'timeout', stateLost: false });
      expect(outcome.profile).toMatchObject({ truncated: true, partial: false });
      expect(outcome.profile!.functions.every(({ allocatedBytes }) => allocatedBytes === 0)).toBe(
        true,
      );
    } finally {
      await other.dispose();
    }
  });
});

describe('a program with a very large heap', () => {
  it('runs without a profile', async () => {
    const other = startEngine(512 * 1024 * 1024);
    try {
      await run(
        'let kept = []\nfor (i = 0; i < 3000000; i++) { kept.push([i, i + 1]) }',
        {},
        other,
      );
      const outcome = await run('kept.length', { profile: true }, other);
      expect(outcome.status).toBe('success');
      expect(outcome).not.toHaveProperty('profile');
    } finally {
      await other.dispose();
    }
  });
});

describe('an engine that ends with its program', () => {
  it('gives what it had told of the profile, and says that it is a part', async () => {
    const other = startEngine();
    try {
      const code =
        'let begun = new Date().getTime()\nlet x = 0\nwhile (new Date().getTime() - begun < 2500) { x = x + 1 }\nprint("on")\nwhile (true) { }';
      const outcome = new Promise<EngineOutcome>((resolve) => {
        const { executionId: _, ...command } = program('a', code, { profile: true });
        const events = () => {
          void other.reset();
          return true;
        };
        other.execute(command, { events, ended: resolve });
      });
      const { stateLost, profile } = await outcome;
      expect(stateLost).toBe(true);
      expect(profile!.partial).toBe(true);
      expect(hotLines(profile!)[0]).toMatchObject({ name: '<main>', line: 3 });
    } finally {
      await other.dispose();
    }
  });
});

describe('an execution', () => {
  it('opens no port when it is profiled', async () => {
    await profileOf('1 + 1');
    expect(inspectorUrl()).toBeUndefined();
  });

  it('has no profile when none was asked for', async () => {
    expect(await run('1 + 1')).not.toHaveProperty('profile');
  });

  it('means the same with a profile, and leaves the very same state', () => {
    const units = [
      'let list = [1, 2]\nadd(x) { return () => x + list.length }',
      'kept = add(3)\nfor (i = 0; i < 100000; i++) { list = [i, list.length] }\nkept()',
    ];
    const listener = { onTurn: () => {}, setMeasuring: () => {} };
    const imageAfter = (profiled: boolean) => {
      const { interpreter } = newSession();
      for (const unit of units) {
        const profiler = profiled ? Profiler.start(interpreter, listener) : null;
        const outcome = interpreter.execute(
          unit,
          profiler === null ? {} : { profiling: profiler.profiling },
        );
        expect(outcome.status).toBe('success');
        if (profiled) expect(profiler!.stop()!.samples).toBeGreaterThanOrEqual(0);
      }
      const chunks: Uint8Array[] = [];
      expect(interpreter.save((chunk) => void chunks.push(chunk), 1024 * 1024)).toBeNull();
      return Buffer.concat(chunks).toString('hex');
    };
    expect(imageAfter(true)).toBe(imageAfter(false));
  });
});
