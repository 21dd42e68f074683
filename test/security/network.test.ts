// A sandbox reaches nothing but its link.
import { expect, it } from 'vitest';
import { probeValue } from '../helpers/probe.ts';

it('has no network interface but the loopback', async () => {
  const devices = await probeValue(`
    const lines = require('node:fs').readFileSync('/proc/net/dev', 'utf8').trim().split('\\n').slice(2);
    return lines.map((line) => line.split(':')[0].trim());
  `);
  expect(devices).toEqual(['lo']);
});

it('has no routes', async () => {
  const routes = await probeValue(`
    return require('node:fs').readFileSync('/proc/net/route', 'utf8').trim().split('\\n').length - 1;
  `);
  expect(routes).toBe(0);
});

it('cannot make a socket to any address, not even its own loopback', async () => {
  const errors = await probeValue(`
    const net = require('node:net');
    const attempt = (options) => new Promise((resolve) => {
      net.connect(options).once('error', (error) => resolve(error.code)).once('connect', () => resolve('connected'));
    });
    return [
      await attempt({ host: '127.0.0.1', port: 80 }),
      await attempt({ host: '::1', port: 80 }),
      await attempt({ host: '169.254.169.254', port: 80 }),
      await new Promise((resolve) => net.createServer().once('error', (error) => resolve(error.code)).listen(8080, '127.0.0.1')),
    ];
  `);
  expect(errors).toEqual(Array(4).fill('EAFNOSUPPORT'));
});

it('sees no socket of the host, abstract ones included', async () => {
  const sockets = await probeValue(`
    const lines = require('node:fs').readFileSync('/proc/net/unix', 'utf8').trim().split('\\n').slice(1);
    return lines.map((line) => line.split(/\\s+/)[7]).filter((path) => path !== undefined);
  `);
  expect(sockets).toEqual([]);
});
