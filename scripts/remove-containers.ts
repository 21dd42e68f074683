// Removes sandbox containers: `--data <directory>` those of the service with that data directory, `--since <seconds since
// 1970>` those made since then, whoever made them. Never touches a container that is not labelled as a sandbox.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import Docker from 'dockerode';
import { instanceLabel } from '../src/orchestrator/runtimes/docker/container-options.ts';
import { dockerConnection } from '../src/orchestrator/runtimes/docker/docker-connection.ts';

const { values } = parseArgs({ options: { data: { type: 'string' }, since: { type: 'string' } } });
const label = values.data === undefined ? instanceLabel : instanceLabelOf(values.data);
const since = values.since === undefined ? 0 : Number(values.since);
if (values.data === undefined && values.since === undefined)
  throw new Error('say which ones: --data <directory> or --since <seconds since 1970>');

const docker = new Docker(dockerConnection(process.env.DOCKER_HOST));
const containers = await docker
  .listContainers({
    all: true,
    filters: { label: [label] },
    abortSignal: AbortSignal.timeout(10_000),
  })
  // No engine, no containers.
  .catch(() => []);
for (const container of containers) {
  if (container.Created < since) continue;
  console.log(`removing container ${container.Names[0]?.slice(1) ?? container.Id}`);
  await docker.getContainer(container.Id).remove({ force: true, v: true }).catch(console.error);
}

/** The label of all containers of the service that keeps its data there. */
function instanceLabelOf(dataDirectory: string): string {
  const path = join(dataDirectory, 'registry.db');
  if (!existsSync(path)) process.exit(0);
  using database = new DatabaseSync(path, { readOnly: true });
  const fact = database.prepare('select value from fact where name = ?').get('instanceId');
  if (fact === undefined) process.exit(0);
  return `${instanceLabel}=${fact.value}`;
}
