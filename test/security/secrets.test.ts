// What the service knows and no sandbox may learn. The code inside is taken to have the whole of its sandbox.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { containerOf, tokenOf, valueInside } from '../helpers/inside.ts';
import { docker, type Service, startService } from '../helpers/start-service.ts';

/** Beside what the service needs, things of its host that are none of a sandbox's business. */
const ofTheHost = {
  AWS_ACCESS_KEY_ID: 'AKIAMARKEROFTHEHOST0',
  AWS_SECRET_ACCESS_KEY: 'marker-of-a-storage-secret',
  DATABASE_PASSWORD: 'marker-of-a-password',
};

let service: Service;
let session: any;
let other: any;
/** Each with the text that must not be found. */
let secrets: Readonly<Record<string, string>>;

beforeAll(async () => {
  service = await startService(ofTheHost);
  session = await service.createSession({ env: { MINE: 'value-of-my-own' } });
  other = await service.createSession({ env: { THEIRS: 'value-of-another-session' } });
  await service.execute(other.id, 'hidden = "variable-of-another-session"');
  await service.execute(session.id, '1');
  secrets = {
    ...ofTheHost,
    'API key': service.key,
    'hash of the API key': createHash('sha256').update(service.key).digest('hex'),
    'token of another sandbox': await tokenOf(other),
    'id of another session': other.id,
    'environment of another session': 'value-of-another-session',
    'variables of another session': 'variable-of-another-session',
  };
});
afterAll(() => service[Symbol.asyncDispose]());

const foundIn = (text: string) =>
  Object.keys(secrets).filter((name) => text.includes(secrets[name]!));

it('is in nothing that the engine was told of a container', async () => {
  const description = await containerOf(session).inspect();
  expect(foundIn(JSON.stringify(description))).toEqual([]);
  const { Config, Mounts, Image } = description;
  const ofImage = (await docker.getImage(Image).inspect()).Config.Labels;
  expect(
    Object.keys(Config.Labels)
      .filter((name) => name.startsWith('cellar.') && !(name in ofImage))
      .sort(),
  ).toEqual(['cellar.instance', 'cellar.sandbox', 'cellar.uid']);
  const names = Config.Env.map((line) => line.split('=')[0]).sort();
  expect(names).toEqual(['CELLAR_EGRESS', 'CELLAR_LINK', 'CELLAR_TOKEN', 'PATH']);
  expect(Mounts.map(({ Destination, RW }) => [Destination, RW])).toEqual([['/run/cellar', false]]);
  // What a user gives a session for its code reaches that code only.
  expect(JSON.stringify(description)).not.toContain('value-of-my-own');
});

it('is in no file and no description of a process that a sandbox can read', async () => {
  const text = (await valueInside(
    session,
    `const fs = require('node:fs');
     const read = (path) => { try { return fs.readFileSync(path, 'latin1'); } catch { return ''; } };
     const list = (path) => { try { return fs.readdirSync(path); } catch { return []; } };
     const processes = list('/proc').filter((name) => /^\\d+$/.test(name) && Number(name) !== process.pid);
     const ofProcesses = processes.flatMap((id) => ['environ', 'cmdline', 'status', 'maps', 'mountinfo', 'stat', 'limits']
       .map((name) => read('/proc/' + id + '/' + name)));
     const links = processes.flatMap((id) => list('/proc/' + id + '/fd').map((name) => {
       try { return fs.readlinkSync('/proc/' + id + '/fd/' + name); } catch { return ''; }
     }));
     const walk = (directory) => fs.readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
       const path = directory + '/' + entry.name;
       if (entry.isDirectory()) return walk(path);
       return entry.isFile() ? [path, read(path)] : [path];
     });
     const files = ['/etc', '/run', '/opt', '/tmp', '/workspace', '/dev'].flatMap(walk);
     const machine = ['cmdline', 'version', 'mounts', 'net/unix', 'keys', 'key-users', 'sys/kernel/hostname']
       .map((name) => read('/proc/' + name));
     return [...ofProcesses, ...links, ...files, ...machine].join('\\n');`,
  )) as string;
  // It did look: the token of the sandbox itself is in the environment of its first process.
  expect(text).toContain(await tokenOf(session));
  expect(foundIn(text)).toEqual([]);
});

it('is not in the memory of the agent either', async () => {
  const needles = { ...secrets, 'my own': 'value-of-my-own' };
  const found = (await valueInside(
    session,
    `const fs = require('node:fs');
     const needles = Object.entries(${JSON.stringify(needles)}).map(([name, text]) => [name, Buffer.from(text)]);
     const agent = fs.readdirSync('/proc').find((id) => {
       try { return fs.readFileSync('/proc/' + id + '/cmdline', 'latin1').startsWith('/usr/local/bin/node\\0--no-addons'); } catch { return false; }
     });
     const memory = fs.openSync('/proc/' + agent + '/mem', 'r');
     const found = new Set();
     const block = Buffer.alloc(1 << 20);
     for (const line of fs.readFileSync('/proc/' + agent + '/maps', 'utf8').split('\\n')) {
       const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
       if (from === undefined) continue;
       // Blocks overlap, so that nothing lies unseen across two of them.
       for (let at = BigInt('0x' + from); at < BigInt('0x' + to); at += BigInt(block.length - 256)) {
         const left = BigInt('0x' + to) - at;
         let bytes = 0;
         try { bytes = fs.readSync(memory, block, 0, Number(left < block.length ? left : block.length), at); } catch { continue; }
         const seen = block.subarray(0, bytes);
         for (const [name, needle] of needles) if (seen.includes(needle)) found.add(name);
       }
     }
     return [...found];`,
  )) as string[];
  // It did look: what was given to this session is there.
  expect(found).toEqual(['my own']);
});

it('is new when the state of a session moves to another sandbox', async () => {
  const before = await tokenOf(other);
  await service.request('POST', `/api/sessions/${other.id}/hibernate`);
  await service.execute(other.id, 'hidden');
  const { body } = await service.request('GET', `/api/sessions/${other.id}`);
  expect(body.sandbox.id).not.toBe(other.sandbox.id);
  expect(await tokenOf(body)).not.toBe(before);
});
