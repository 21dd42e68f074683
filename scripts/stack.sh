#!/usr/bin/env bash
# The service, Prometheus and Grafana in containers: writes .env with fresh secrets where there is none, then starts or stops them all.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! docker compose version >/dev/null 2>&1; then
  echo 'stack: Docker Compose is missing (https://docs.docker.com/compose/install/).' >&2
  exit 1
fi

secret() { node -p 'require("node:crypto").randomBytes(24).toString("base64url")'; }

if [[ ! -f .env ]]; then
  (
    umask 077
    printf 'CELLAR_DATA_DIR=%s\nCELLAR_API_KEY=cellar_%s\nCELLAR_METRICS_TOKEN=%s\nGRAFANA_PASSWORD=%s\n' \
      "$PWD/data" "$(secret)" "$(secret)" "$(secret)" >.env
  )
  echo 'stack: keys and passwords are in .env, for you alone'
fi

# As this user, who owns the data directory; root leaves it to a user without rights.
add_setting() {
  grep -q "^$1=" .env || printf '%s=%s\n' "$1" "$2" >>.env
}
user=$(id -u):$(id -g)
[[ $(id -u) -ne 0 ]] || user=10001:10001
add_setting CELLAR_USER "$user"
add_setting DOCKER_GROUP "$(stat -c %g /var/run/docker.sock 2>/dev/null || echo 0)"

case "${1:-}" in
  up)
    # The names of the files of this user, the data directory among them, are the same inside.
    data=$(sed -n 's/^CELLAR_DATA_DIR=//p' .env)
    mkdir -p "$data"
    if [[ $(id -u) -eq 0 ]]; then
      chown -R "$(sed -n 's/^CELLAR_USER=//p' .env)" "$data"
    fi
    docker compose up --build --detach --wait
    echo 'Cellar: http://127.0.0.1:8080  Prometheus: http://127.0.0.1:9090  Grafana: http://127.0.0.1:3000 (admin)'
    ;;
  down)
    docker compose down
    node scripts/remove-containers.ts --data "$(sed -n 's/^CELLAR_DATA_DIR=//p' .env)"
    ;;
  *)
    echo "usage: $0 up|down" >&2
    exit 2
    ;;
esac
