// Removes sandbox containers made since a moment (seconds since 1970, the only argument): what a test run that was cut
// off has left behind. Never touches a container that is not labelled as a sandbox.
import Docker from 'dockerode';
import { dockerConnection } from '../src/orchestrator/runtimes/docker/docker-connection.ts';

const since = Number(process.argv[2]);
if (!Number.isFinite(since)) throw new Error('usage: remove-containers.ts <seconds since 1970>');

const docker = new Docker(dockerConnection(process.env.DOCKER_HOST));
const filters = { label: ['cellar.instance'] };
const containers = await docker
  .listContainers({ all: true, filters, abortSignal: AbortSignal.timeout(10_000) })
  // No engine, no containers.
  .catch(() => []);
for (const container of containers) {
  if (container.Created < since) continue;
  console.log(`removing left-over container ${container.Names[0] ?? container.Id}`);
  await docker.getContainer(container.Id).remove({ force: true, v: true }).catch(console.error);
}
