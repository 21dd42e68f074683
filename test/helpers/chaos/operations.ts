// What the sessions of the chaos test are busy with when something is killed, and what each answer, or none, says of their state.
import type { Reply } from '../start-service.ts';
import { type Cast, persistenceOf, policies } from './cast.ts';
import type { ChaosSession } from './chaos-session.ts';
import type { Random } from './random.ts';
import { BrokenPromise } from './session-model.ts';
import { putPath } from './state.ts';

export type Scene = {
  readonly cast: Cast;
  /** An operation may put another one in its place. */
  session: ChaosSession;
  readonly random: Random;
};

export type Operation = {
  readonly name: string;
  /** How often it is chosen, against the others. */
  readonly weight: number;
  /** Resolves when it has had its answer, or got none. */
  play(scene: Scene): Promise<void>;
};

/** The status of an answer that must be one of these; null when there is none. */
function statusOf(what: string, reply: Reply | null, allowed: readonly number[]): number | null {
  if (reply === null || allowed.includes(reply.status)) return reply?.status ?? null;
  throw new BrokenPromise(`${what} is answered ${reply.status} ${JSON.stringify(reply.body)}`);
}

const execute: Operation = {
  name: 'execute',
  weight: 7,
  play: ({ session, random }) =>
    session.execute(
      Array.from({ length: 1 + random.below(3) }, () => ({
        inBackground: random.chance(0.5),
        sleepMs: random.below(80),
      })),
    ),
};

const snapshot: Operation = {
  name: 'snapshot',
  weight: 2,
  async play({ session }) {
    const label = session.nextKey();
    const reply = await session.answerOnce('/snapshots', label, { label });
    statusOf('a snapshot', reply, [201]);
    session.model.stored(reply.body.version);
  },
};

const rollback: Operation = {
  name: 'rollback',
  weight: 2,
  async play({ session, random }) {
    const { model } = session;
    if (model.versions.length === 0) return;
    const version = random.pick(model.versions);
    const reply = await session.ask('POST', '/rollback', { version });
    if (statusOf('a rollback', reply, [200]) === null) model.mayHaveGoneBack(version);
    else model.wentBack(version);
  },
};

const restart: Operation = {
  name: 'restart',
  weight: 1,
  async play({ session }) {
    const status = statusOf('a restart', await session.ask('POST', '/restart'), [200]);
    if (status === null) session.model.mayHaveRestarted();
    else session.model.restarted();
  },
};

const hibernate: Operation = {
  name: 'hibernate',
  weight: 2,
  async play({ session }) {
    const { model } = session;
    const status = statusOf('hibernating', await session.ask('POST', '/hibernate'), [200, 409]);
    if (status === 200) model.wasStored();
    else if (status === null) model.mayHaveStored();
  },
};

/** The next request wakes it again. */
const pause: Operation = {
  name: 'pause',
  weight: 1,
  async play({ session }) {
    statusOf('pausing', await session.ask('POST', '/pause'), [200, 409]);
  },
};

const writeFile: Operation = {
  name: 'write a file',
  weight: 3,
  async play({ session }) {
    const content = session.nextKey();
    const bytes = { 'content-type': 'application/octet-stream' };
    const reply = await session.ask('PUT', `/files/${putPath}`, content, bytes);
    if (statusOf('writing a file', reply, [200, 201, 204]) === null)
      session.model.mayHavePut(content);
    else session.model.put(content);
  },
};

const readFile: Operation = {
  name: 'read a file',
  weight: 1,
  async play({ session }) {
    const reply = await session.ask('GET', `/files/${putPath}`);
    if (reply?.body?.code === 'file_not_found') session.model.readPut(null);
    else if (statusOf('reading a file', reply, [200]) !== null) session.model.readPut(reply!.body);
  },
};

const configure: Operation = {
  name: 'configure',
  weight: 2,
  async play({ session, random }) {
    const mark = session.nextKey();
    const policy = random.pick([session.model.policy, random.pick(policies)]);
    const before = (await session.answer('GET')).body.config;
    const body = { labels: { mark }, persistence: persistenceOf(policy) };
    const status = statusOf('configuring', await session.ask('PUT', '/config', body), [200]);
    const { config } = (await session.answer('GET')).body;
    const isNew = config.labels.mark === mark;
    const isWhole = config.persistence.policy === (isNew ? policy : before.persistence.policy);
    if ((status === 200 && !isNew) || !isWhole)
      throw new BrokenPromise(`its configuration is ${JSON.stringify(config)}, ${body} was asked`);
    session.model.configured(config.persistence.policy);
  },
};

/** Of one of its versions, or of what it is now. The fork takes its place, or goes. */
const fork: Operation = {
  name: 'fork',
  weight: 1,
  async play(scene) {
    const { cast, session, random } = scene;
    const { model, id } = session;
    const version = random.pick([null, null, ...model.versions]);
    const states = version === null ? () => model.live : () => model.statesOf(version);
    const source = version === null ? { session: id } : { session: id, version };
    const made = await cast.add(random.pick(policies), { source, states });
    // What it is now was stored for that.
    if (version === null) model.mayHaveStored();
    if (random.chance(0.5)) scene.session = made;
    await cast.remove(scene.session === made ? session : made);
  },
};

const replace: Operation = {
  name: 'delete and make another',
  weight: 0.7,
  async play(scene) {
    const { cast, session } = scene;
    await cast.remove(session);
    scene.session = await cast.add(session.model.policy);
  },
};

export const operations: readonly Operation[] = [
  execute,
  snapshot,
  rollback,
  restart,
  hibernate,
  pause,
  writeFile,
  readFile,
  configure,
  fork,
  replace,
];
