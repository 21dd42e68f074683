// Sessions are changed while they live: configured, restarted.
import { expect } from 'vitest';
import { docker } from '../start-service.ts';
import { type Attempt, Notes, type Operation } from './operation.ts';

const MiB = 1024 * 1024;

const configurations = new Notes<any>();

/** In every part that reaches another place: the record, the engine, the agent. */
const settingsOf = ({ name }: Attempt) => ({
  timeout: 7_000,
  labels: { attempt: name },
  limits: { memoryBytes: 320 * MiB },
  env: { ATTEMPT: name },
});

export const configure: Operation = {
  name: 'configure',
  label: 'subject',
  stepsMin: 6,
  async prepare(attempt) {
    const { status, body } = await attempt.subject.request('PUT', '/config', {
      timeout: 6_000,
      labels: { attempt: 'none' },
      limits: { memoryBytes: 256 * MiB },
      env: { ATTEMPT: 'none' },
    });
    expect(status).toBe(200);
    configurations.put(attempt, body.config);
  },
  run: (attempt) => attempt.subject.request('PUT', '/config', settingsOf(attempt)),
  async check(attempt, reply) {
    const { service, subject, name } = attempt;
    const { config, sandbox } = await subject.get();
    const isNew = config.labels.attempt === name;
    if (reply?.status === 200) expect(config).toEqual(reply.body.config);
    else if (!isNew) expect(config).toEqual(configurations.of(attempt));
    if (isNew) expect(config).toMatchObject({ ...settingsOf(attempt), env: ['ATTEMPT'] });
    const { HostConfig } = await docker.getContainer(`cellar-${sandbox.id}`).inspect();
    expect(HostConfig.Memory).toBe(config.limits.memoryBytes);
    const { result } = await service.execute(subject.name, 'env("ATTEMPT")');
    expect(result.value).toBe(isNew ? name : 'none');
    await subject.expectWhole([subject.mark]);
  },
};

export const restart: Operation = {
  name: 'restart',
  label: 'subject',
  stepsMin: 18,
  run: ({ subject }) => subject.request('POST', '/restart'),
  async check({ subject }, reply) {
    await subject.expectWhole([subject.mark], reply?.status === 200 ? 'yes' : 'perhaps');
  },
};
