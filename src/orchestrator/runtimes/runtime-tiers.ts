// What stands between a sandbox's code and the host, by the name of the container runtime. Pure.

/** From the weakest to the strongest: the host's kernel, a kernel of its own in user space, a machine of its own. */
export const runtimeTiers = ['container', 'gvisor', 'vm'] as const;
export type RuntimeTier = (typeof runtimeTiers)[number];

/** How strongly a container runtime keeps code away from the host. An unknown one is given the weakest word. */
export function tierOf(runtime: string): RuntimeTier {
  if (/runsc|gvisor/.test(runtime)) return 'gvisor';
  if (/kata|firecracker/.test(runtime)) return 'vm';
  return 'container';
}
