#!/usr/bin/env bash
# Asks the registry of npm for known holes in the packages that the service runs with. A registry that does not answer that question says
# nothing of them: that is told and is no failure. `scripts/audit-packages.sh`; it ends with 1 when there are holes of severity high or worse.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

report=$(timeout 60 npm audit --omit=dev --audit-level=high --json 2>/dev/null)
verdict=$(node -e '
  let report = {};
  try {
    report = JSON.parse(process.argv[1]);
  } catch {}
  const counts = report.metadata?.vulnerabilities;
  if (counts === undefined) console.log(`unknown ${report.message ?? "no answer"}`);
  else {
    const named = Object.values(report.vulnerabilities ?? {})
      .filter(({ severity }) => ["high", "critical"].includes(severity))
      .map(({ name, severity }) => `${name} (${severity})`);
    console.log(named.length === 0 ? "clean" : `holes ${named.join(", ")}`);
  }
' "$report")

case $verdict in
  clean) echo 'packages: no known hole of severity high or worse' ;;
  holes*)
    echo "packages: known holes in ${verdict#holes }; see npm audit" >&2
    exit 1
    ;;
  *) echo "packages: NOT AUDITED, the registry does not answer (${verdict#unknown })" ;;
esac
