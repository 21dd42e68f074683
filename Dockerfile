# The orchestrator's own image. It needs the Docker Engine's socket, the right to use it, and a data directory of its own user that the
# engine sees under the same path, because link directories in it are mounted into sandboxes:
#
#   install -d -m 700 -o 10001 -g 10001 /srv/cellar
#   docker run -v /var/run/docker.sock:/var/run/docker.sock --group-add "$(stat -c %g /var/run/docker.sock)" -v /srv/cellar:/srv/cellar \
#     -e CELLAR_DATA_DIR=/srv/cellar -e CELLAR_HOST=0.0.0.0 -e CELLAR_API_KEY=… -p 127.0.0.1:8080:8080 cellar
#
# SECURITY: whoever has that socket is root on the host. This container is as trusted as the host itself.
ARG BASE=node:24-bookworm-slim
FROM ${BASE} AS packages
WORKDIR /opt/cellar
# `build/image-packages` is there where the machine that builds has no registry: see scripts/build-service-image.ts.
COPY package.json package-lock.json build/image-package[s] ./
# The base brings Node, so no package needs its install script.
RUN if [ ! -d node_modules ]; then npm install --no-save --omit=dev --ignore-scripts --no-audit --no-fund; fi; \
    rm -rf node_modules/node node_modules/node-bin-* node_modules/.bin

FROM ${BASE}
WORKDIR /opt/cellar
COPY --from=packages /opt/cellar/node_modules node_modules
COPY package.json ./
COPY src/protocol src/protocol
COPY src/orchestrator src/orchestrator
COPY sandbox-image/seccomp.json sandbox-image/seccomp.json
ENV NODE_ENV=production
# A user of no other rights. Where the data directory is somebody else's: `docker run --user`.
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
# It answers, be it that it does not know the name: a process that hangs does not.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "-e", "const { CELLAR_PORT: port = 8080, CELLAR_TLS_CERT_FILE: cert } = process.env; require(cert ? 'https' : 'http').get({ port, path: '/healthz', rejectUnauthorized: false }, (reply) => process.exit(reply.statusCode < 500 ? 0 : 1)).on('error', () => process.exit(1));"]
ENTRYPOINT ["node", "src/orchestrator/main.ts"]
