// Around the tests that start containers: when they are over, nothing of theirs may be left. What an instance of somebody
// else does on this machine in the meantime does not count.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import Docker from 'dockerode';

const instanceLabel = 'cellar.instance';

export async function setup(): Promise<() => Promise<void>> {
  const othersInstances = new Set((await sandboxes()).map(({ instance }) => instance));
  const before = new Set([...processes(), ...directories()]);
  return async () => {
    const containers = (await sandboxes()).filter(({ instance }) => !othersInstances.has(instance));
    const left = [
      ...containers.map(({ name }) => `container ${name}`),
      ...[...processes(), ...directories()].filter((what) => !before.has(what)),
    ];
    if (left.length > 0) throw new Error(`The tests left behind:\n  ${left.join('\n  ')}`);
  };
}

async function sandboxes(): Promise<{ name: string; instance: string }[]> {
  const filters = { label: [instanceLabel] };
  const containers = await new Docker().listContainers({ all: true, filters });
  return containers.map(({ Names, Labels }) => ({
    name: String(Names[0]),
    instance: String(Labels[instanceLabel]),
  }));
}

/** Services and agents that run on the host itself. */
function processes(): string[] {
  return execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => /\bnode\b.*\b(orchestrator|agent)\/main\.ts/.test(line))
    .map((line) => `process ${line.trim()}`);
}

/** Data directories and sockets of tests. */
function directories(): string[] {
  return readdirSync(tmpdir())
    .filter((name) => /^(cellar|agent|link)-/.test(name))
    .map((name) => `directory ${name}`);
}
