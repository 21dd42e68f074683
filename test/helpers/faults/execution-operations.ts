// Code runs while the service dies, and in one case its container too: it has run once, or says that it is lost.
import { expect } from 'vitest';
import { docker } from '../start-service.ts';
import { type Attempt, Notes, type Operation, retried, withKey } from './operation.ts';
import { Subject } from './subject.ts';

const patience = { timeout: 40_000, interval: 50 };
/** Between what it reports, so that each report is stored by itself and every attempt takes the same steps. */
const apartMs = 250;

/** Its result is how often it ran in the state that it is in. */
function codeOf({ name }: Attempt): string {
  const ran = `ran_${name.replaceAll('-', '_')}`;
  const counting = `${ran} = try_call(() => ${ran} + 1, e => 1)`;
  const printing = `sleep(${apartMs}); print("out of ${name}"); sleep(${apartMs})`;
  return `${printing}; ${counting}; ${Subject.codeFor(name)}; ${ran}`;
}

function execution(
  name: string,
  { done, headers, alsoDies }: Pick<Operation, 'alsoDies'> & { done: number; headers: object },
): Operation {
  const operation: Operation = {
    name,
    label: 'subject',
    stepsMin: 14,
    ...(alsoDies ? { alsoDies } : {}),
    async prepare(attempt) {
      containers.put(attempt, (await attempt.subject.get()).sandbox.id);
    },
    run: (attempt) =>
      attempt.subject.request(
        'POST',
        '/execute',
        { code: codeOf(attempt) },
        { ...withKey(attempt), ...headers },
      ),
    ends: ended,
    async check(attempt, reply) {
      const { subject } = attempt;
      const before = subject.mark;
      const first = await ended(attempt);
      if (reply !== null) expect(reply.status).toBe(done);
      if (reply !== null) expect(first?.executionId).toBe(reply.body.executionId);
      if (reply?.status === 200) expect(first).toEqual(reply.body);
      if (first === null) await subject.expectWhole([before]);
      else await expectKept(attempt, first, before);
      const again = await retried(operation, attempt, done);
      const last = await ended(attempt);
      expect(again.body.executionId).toBe(last.executionId);
      if (first === null) await expectKept(attempt, last, before);
      else expect(last).toEqual(first);
    },
  };
  return operation;
}

/** The attempt's execution when it has ended, with its output; null when there is none. There is never more than one. */
async function ended(attempt: Attempt): Promise<any> {
  const { subject } = attempt;
  const ours = async () =>
    (await subject.history()).filter(({ code }: any) => code === codeOf(attempt));
  await expect
    .poll(async () => (await ours()).map(({ status }) => status), patience)
    .toSatisfy((statuses: string[]) => !statuses.some((status) => /queued|running/.test(status)));
  const [one, ...more] = await ours();
  expect(more).toEqual([]);
  if (one === undefined) return null;
  return (await subject.request('GET', `/executions/${one.executionId}`)).body;
}

/** It ran once and all of it is there, or it is lost and nothing of it is. */
async function expectKept({ subject, name }: Attempt, execution: any, before: any): Promise<void> {
  if (execution.status === 'lost') {
    const { version } = await subject.get();
    const { message } = execution.error;
    expect(message).toBe(`The sandbox was lost; the session goes on from version ${version}`);
    await subject.expectWhole([before]);
    return;
  }
  expect(execution, JSON.stringify(execution)).toMatchObject({
    status: 'success',
    result: { value: 1 },
    warnings: [],
  });
  const [line, ...more] = execution.output;
  expect(line).toMatchObject({ channel: 'stdout', content: `out of ${name}\n` });
  expect(more).toEqual([]);
  await subject.expectWhole([name]);
}

const containers = new Notes<string>();

async function killContainer(attempt: Attempt): Promise<void> {
  await docker.getContainer(`cellar-${containers.of(attempt)}`).kill();
}

export const execute = execution('execute', { done: 200, headers: {} });

export const executeLost = execution('execute as its container dies', {
  done: 202,
  headers: { prefer: 'respond-async' },
  alsoDies: killContainer,
});
