#!/usr/bin/env bash
# Makes a clone ready to run and to test: npm packages, Docker Engine, sandbox image. Does only what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v npm >/dev/null; then
  echo 'setup: npm is missing. Install Node.js 20 or newer (https://nodejs.org), then run this again.' >&2
  exit 1
fi

installed=node_modules/.package-lock.json
if [[ ! -x node_modules/.bin/node || ! -f $installed || package-lock.json -nt $installed ]]; then
  echo 'setup: installing npm packages …'
  started=$SECONDS
  # Versions come from the lock file. Not `npm ci`: it insists on optional packages of platforms other than this one, which
  # not every mirror of the registry has.
  npm install --no-save --no-audit --no-fund --loglevel=error
  touch "$installed"
  echo "setup: npm packages installed ($((SECONDS - started)) s)"
fi

# The packages bring their own Node 24; whatever Node the machine has only starts npm.
PATH="$PWD/node_modules/.bin:$PATH" exec node scripts/setup.ts
