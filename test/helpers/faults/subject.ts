// A session that is worked on while its service dies, and what it must be after that. Its state is one mark, in a variable and in a
// file; its policy is `execution`, so each version has the mark that the session had.
import { expect } from 'vitest';
import type { Reply, Service } from '../start-service.ts';

export type Mark = string | null;

const patience = { timeout: 40_000, interval: 50 };
const readMark = '[try_call(() => mark, e => null), try_call(() => read("mark.txt"), e => null)]';

export class Subject {
  readonly name: string;
  readonly #service: Service;
  /** The mark of each version that this session ever had. */
  readonly marks = new Map<number, Mark>();
  mark: Mark = null;

  constructor(service: Service, name: string) {
    this.#service = service;
    this.name = name;
  }

  request(
    method: string,
    path = '',
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply> {
    return this.#service.request(method, `/api/sessions/${this.name}${path}`, body, headers);
  }

  /** It is there, with two versions of different marks at least. */
  async prepare(): Promise<void> {
    const { status } = await this.request('GET');
    if (status === 404) {
      this.marks.clear();
      await this.#service.createSession({
        name: this.name,
        persistence: { policy: 'execution', keep: 2 },
      });
    }
    await this.setMark(`${this.name}-old`);
    await this.setMark(`${this.name}-new-${this.marks.size}`);
  }

  static codeFor(mark: string): string {
    return `mark = "${mark}"; write("mark.txt", "${mark}"); mark`;
  }

  async setMark(mark: string): Promise<void> {
    const execution = await this.#service.execute(this.name, Subject.codeFor(mark));
    expect(execution).toMatchObject({ status: 'success', warnings: [] });
    this.mark = mark;
    this.marks.set((await this.get()).version, mark);
  }

  async get(): Promise<any> {
    const { status, body } = await this.request('GET');
    expect(status).toBe(200);
    return body;
  }

  async versions(): Promise<any[]> {
    return (await this.request('GET', '/snapshots?limit=200')).body.items;
  }

  /** A version whose mark is not the present one. */
  async olderVersion(): Promise<number> {
    const versions = await this.versions();
    const older = versions.find(
      ({ version }) => this.marks.has(version) && this.marks.get(version) !== this.mark,
    );
    return older.version;
  }

  async history(): Promise<any[]> {
    return (await this.request('GET', '/history?includeResults=true&limit=20')).body.items;
  }

  /** Lets those go that are like this, and that it does not stand on. */
  async removeVersions(isLike: (version: any) => boolean): Promise<void> {
    for (const { version } of (await this.versions()).filter(isLike))
      expect((await this.request('DELETE', `/snapshots/${version}`)).status).toBe(204);
  }

  /** Waits for what a recovery does; false when there is no such session. */
  async settles(
    states: readonly string[] = ['gone', 'idle', 'paused', 'hibernated'],
  ): Promise<boolean> {
    let reply: Reply | null = null;
    await expect
      .poll(async () => {
        reply = await this.request('GET');
        return reply.status === 404 ? 'gone' : reply.body.state;
      }, patience)
      .toBeOneOf([...states]);
    return reply!.status === 200;
  }

  async read(): Promise<{ mark: Mark; inFile: Mark }> {
    const execution = await this.#service.execute(this.name, readMark);
    expect(execution).toMatchObject({ status: 'success', warnings: [] });
    const [mark, inFile] = execution.result.value;
    return { mark, inFile };
  }

  /**
   * The session is whole, with one of these marks; gives which. Of one that was restarted, files stay; one whose restart was cut off may
   * have been.
   */
  async expectWhole(
    allowed: readonly Mark[],
    restarted: 'no' | 'perhaps' | 'yes' = 'no',
  ): Promise<Mark> {
    const session = await this.get();
    const versions = await this.versions();
    expect(session.statistics.snapshots).toBe(versions.length);
    const known = versions.map(({ version }) => version);
    if (session.version !== null) expect(known).toContain(session.version);
    const { mark, inFile } = await this.read();
    expect(allowed).toContain(inFile);
    this.mark = inFile;
    if (restarted === 'yes' || (restarted === 'perhaps' && mark === null)) {
      expect(mark).toBeNull();
      return inFile;
    }
    expect(mark).toBe(inFile);
    // What it stands on is what it would come back as.
    if (session.version !== null && this.marks.has(session.version))
      expect(this.marks.get(session.version)).toBe(mark);
    this.marks.set((await this.get()).version, mark);
    return mark;
  }

  /** It executes, stores and goes back to what it stored. */
  async expectUsable(): Promise<void> {
    await this.setMark(`${this.name}-usable`);
    const taken = await this.request('POST', '/snapshots', { label: 'usable' });
    expect(taken.status).toBe(201);
    this.marks.set(taken.body.version, this.mark);
    const kept = this.mark;
    await this.setMark(`${this.name}-gone`);
    const { version } = taken.body;
    expect((await this.request('POST', '/rollback', { version })).status).toBe(200);
    this.mark = kept;
    await this.expectWhole([kept]);
    expect((await this.request('DELETE', `/snapshots/${version}`)).status).toBeOneOf([204, 409]);
  }
}
