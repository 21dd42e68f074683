// Where the Docker Engine is: DOCKER_HOST in dockerode's words. Must never connect by itself.
import type { DockerOptions } from 'dockerode';

/**
 * Connection options for a `DOCKER_HOST` of the form `unix:///path` or `tcp://host:port`. Without one, dockerode's own
 * choice: Docker Desktop's socket in the home directory where there is one, else `/var/run/docker.sock`. TLS comes from
 * `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`, as everywhere. Throws when the address has another form.
 */
export function dockerConnection(dockerHost: string | undefined): DockerOptions {
  if (dockerHost === undefined || dockerHost === '') return {};
  const address = URL.parse(dockerHost);
  if (address?.protocol === 'unix:' && address.pathname !== '')
    // The empty host keeps the client from taking one out of the environment.
    return { host: '', socketPath: decodeURIComponent(address.pathname) };
  if (address?.protocol === 'tcp:' && address.hostname !== '')
    return { host: address.hostname, port: address.port === '' ? 2375 : Number(address.port) };
  throw new Error(`DOCKER_HOST must be unix:///path or tcp://host:port, not ${dockerHost}`);
}
