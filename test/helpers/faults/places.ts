// From the steps of the operations to the places at which killing them makes a difference.

/** Right after one call is right before the next one: such a pair is one place. */
export function placesToDie(steps: readonly string[]): string[] {
  return steps.filter(
    (step, index) => !(step.endsWith('/after') && steps[index + 1]?.endsWith('/before')),
  );
}

/** Leaves out the steps of files that another operation has as well: they belong to the store and the sandbox, whatever operation they are part of. */
export function withoutRepeated<Key>(places: ReadonlyMap<Key, readonly string[]>) {
  const seen = new Set<string>();
  const isNews = (place: string) => {
    if (!place.startsWith('files.')) return true;
    const isFirst = !seen.has(place);
    seen.add(place);
    return isFirst;
  };
  return new Map([...places].map(([key, all]) => [key, all.filter(isNews)]));
}

/** Who stops there holds a lock that others of the same tenant wait for. */
export function holdsStore(place: string): boolean {
  return place.startsWith('files.') && !place.includes('link directory');
}
