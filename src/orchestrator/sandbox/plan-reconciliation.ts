// Which containers and link directories nobody owns. Pure: decides, and touches nothing.
import type { RuntimeSandbox } from '../runtimes/runtime.ts';

export type ReconciliationFacts = {
  readonly containers: readonly RuntimeSandbox[];
  readonly directories: readonly { readonly sandboxId: string; readonly createdAt: number }[];
  /** Sandboxes that have an owner, asked for after the two lists above were made. */
  readonly owned: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What is younger may belong to a start that is under way. */
  readonly graceMs: number;
};

export type Reconciliation = {
  readonly containers: readonly RuntimeSandbox[];
  /** Sandbox ids. */
  readonly directories: readonly string[];
};

export function planReconciliation(facts: ReconciliationFacts): Reconciliation {
  const isOrphan = ({ sandboxId, createdAt }: { sandboxId: string; createdAt: number }) =>
    !facts.owned.has(sandboxId) && facts.now - createdAt > facts.graceMs;
  const containers = facts.containers.filter(isOrphan);
  // A directory that is mounted somewhere goes with its container, not before.
  const mounted = new Set(facts.containers.map(({ sandboxId }) => sandboxId));
  const removed = new Set(containers.map(({ sandboxId }) => sandboxId));
  const directories = facts.directories
    .filter((directory) => isOrphan(directory))
    .map(({ sandboxId }) => sandboxId)
    .filter((sandboxId) => !mounted.has(sandboxId) || removed.has(sandboxId));
  return { containers, directories };
}
