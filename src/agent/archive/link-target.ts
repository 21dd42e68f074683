// Which symbolic links an archive may hold: those that stay inside the workspace whatever other links there are.

/**
 * True for a relative target that climbs first and only as far as the workspace's top, and then only descends. A `..` after a
 * name could climb out of wherever that name leads, so it is refused even where it looks harmless.
 */
export function staysInside(linkPath: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return false;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const climbs = parts.findIndex((part) => part !== '..');
  const leading = climbs === -1 ? parts.length : climbs;
  if (parts.slice(leading).includes('..')) return false;
  return leading <= linkPath.split('/').length - 1;
}
