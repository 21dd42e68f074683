#!/usr/bin/env bash
# Starts and stops the service in the background. `up` returns when it answers, or says why it does not.
set -euo pipefail
cd "$(dirname "$0")/.."
pid_file=build/service.pid
log_file=build/service.log

is_running() {
  [[ -f $pid_file ]] && kill -0 "$(cat "$pid_file")" 2>/dev/null
}

up() {
  if is_running; then
    echo "the service runs already (process $(cat "$pid_file"))"
    return
  fi
  mkdir -p build
  # The first start prints the administrator's key: the log is for this user alone.
  rm -f "$log_file"
  (umask 077 && : >"$log_file")
  NODE_COMPILE_CACHE=build/compile-cache setsid node src/orchestrator/main.ts >>"$log_file" 2>&1 </dev/null &
  echo $! >"$pid_file"
  for _ in {1..300}; do
    # Printed once, when requests are served.
    if grep -q "^Cellar listens on " "$log_file"; then
      echo "the service is up: process $(cat "$pid_file"), log $log_file"
      grep -v '^{' "$log_file" || true
      return
    fi
    if ! is_running; then
      echo 'the service did not start:' >&2
      tail -n 20 "$log_file" >&2
      rm -f "$pid_file"
      return 1
    fi
    sleep 0.1
  done
  echo "the service does not answer yet; see $log_file" >&2
  return 1
}

down() {
  if is_running; then
    local pid
    pid=$(cat "$pid_file")
    kill "$pid"
    for _ in {1..300}; do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    if kill -0 "$pid" 2>/dev/null; then
      echo 'the service does not end by itself; it is killed' >&2
      kill -KILL "$pid"
    fi
    echo 'the service is down'
  fi
  rm -f "$pid_file"
  if [[ -x node_modules/.bin/node ]]; then
    node scripts/remove-containers.ts --data "${CELLAR_DATA_DIR:-data}"
  fi
}

case "${1:-}" in
  up) up ;;
  down) down ;;
  *)
    echo "usage: $0 up|down" >&2
    exit 2
    ;;
esac
