import { expect, it } from 'vitest';
import { dockerConnection } from '../../../../src/orchestrator/runtimes/docker/docker-connection.ts';

it('takes the usual socket when nothing is said', () => {
  expect(dockerConnection(undefined)).toEqual({});
  expect(dockerConnection('')).toEqual({});
});

it('reads the path of a socket', () => {
  expect(dockerConnection('unix:///run/user/1000/docker.sock')).toEqual({
    host: '',
    socketPath: '/run/user/1000/docker.sock',
  });
});

it('reads host and port', () => {
  expect(dockerConnection('tcp://engine.internal:2376')).toEqual({
    host: 'engine.internal',
    port: 2376,
  });
  expect(dockerConnection('tcp://127.0.0.1')).toEqual({ host: '127.0.0.1', port: 2375 });
});

it.each(['docker.sock', 'unix://', 'ftp://host', 'tcp://'])('refuses %s', (dockerHost) => {
  expect(() => dockerConnection(dockerHost)).toThrow('DOCKER_HOST');
});
