# The orchestrator's own image. It needs the Docker Engine's socket and a data directory that the engine sees under the same
# path, because link directories in it are mounted into sandboxes:
#
#   docker run -v /var/run/docker.sock:/var/run/docker.sock -v /srv/cellar:/srv/cellar \
#     -e CELLAR_DATA_DIR=/srv/cellar -e CELLAR_HOST=0.0.0.0 -e CELLAR_API_KEY=… -p 127.0.0.1:8080:8080 cellar
#
# SECURITY: whoever has that socket is root on the host. This container is as trusted as the host itself.
ARG BASE=node:24-bookworm-slim
FROM ${BASE} AS packages
WORKDIR /opt/cellar
COPY package.json package-lock.json ./
# The base brings Node, so no package needs its install script.
RUN npm install --no-save --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node node_modules/.bin

FROM ${BASE}
WORKDIR /opt/cellar
COPY --from=packages /opt/cellar/node_modules node_modules
COPY package.json ./
COPY src/protocol src/protocol
COPY src/orchestrator src/orchestrator
COPY sandbox-image/seccomp.json sandbox-image/seccomp.json
ENV NODE_ENV=production
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "src/orchestrator/main.ts"]
