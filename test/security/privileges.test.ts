// Who a sandbox's processes are to the kernel, and what they were told.
import { expect, it } from 'vitest';
import { probeUid, probeValue } from '../helpers/probe.ts';

async function status(): Promise<Record<string, string>> {
  const text = (await probeValue(
    `return require('node:fs').readFileSync('/proc/self/status', 'utf8');`,
  )) as string;
  const lines = text.trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...rest] = line.split(':');
      return [name, rest.join(':').trim()];
    }),
  );
}

it('run under the uid of the sandbox, without a capability and without a way to get one', async () => {
  const facts = await status();
  const owner = Array(4).fill(String(probeUid)).join('\t');
  expect(facts).toMatchObject({ Uid: owner, Gid: owner, NoNewPrivs: '1', Seccomp: '2' });
  expect(['', String(probeUid)]).toContain(facts.Groups);
  for (const kind of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
    expect(facts[kind], kind).toMatch(/^0+$/);
});

it('know their link and their token, and nothing of the host', async () => {
  const environment = (await probeValue('return process.env;')) as Record<string, string>;
  expect(environment).toEqual({
    CELLAR_LINK: '/run/cellar/agent.sock',
    CELLAR_EGRESS: '/run/cellar/egress.sock',
    CELLAR_TOKEN: 'token',
    // The engine's own additions.
    HOSTNAME: 'sandbox',
    HOME: expect.any(String),
    PATH: expect.any(String),
  });
});

it('see no process but their own', async () => {
  const names = await probeValue(`
    const fs = require('node:fs');
    const ids = fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name));
    return ids.map((id) => fs.readFileSync('/proc/' + id + '/comm', 'utf8').trim()).sort();
  `);
  expect(names).toEqual(['MainThread', 'docker-init']);
});

it('inherit no open file but the standard streams', async () => {
  const targets = (await probeValue(`
    const fs = require('node:fs');
    return fs.readdirSync('/proc/1/fd').map((name) => fs.readlinkSync('/proc/1/fd/' + name));
  `)) as string[];
  for (const target of targets) expect(target).toMatch(/^(\/dev\/null|pipe:\[\d+\])$/);
});

it('are the first that the kernel takes when memory is short', async () => {
  const score = await probeValue(
    `return Number(require('node:fs').readFileSync('/proc/self/oom_score_adj', 'utf8'));`,
  );
  expect(score).toBe(500);
});
