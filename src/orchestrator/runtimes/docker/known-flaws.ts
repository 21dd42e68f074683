// Ways out of a container that older versions of runc are known to have, as its own changelog and advisories name them. Pure. Listed is
// only what a container as we make it could be exposed to.

type Flaw = {
  readonly names: string;
  readonly what: string;
  /** The first mended release of each line that has one, ascending; later lines have it from their first release on. */
  readonly mendedIn: readonly string[];
};

const flaws: readonly Flaw[] = [
  {
    names: 'CVE-2019-5736',
    what: 'the host’s runc can be overwritten from inside',
    mendedIn: ['1.0.0'],
  },
  {
    names: 'CVE-2024-21626',
    what: 'an open directory of the host leaks into the container',
    mendedIn: ['1.1.12'],
  },
  {
    names: 'CVE-2025-31133, CVE-2025-52565, CVE-2025-52881',
    what: 'masked paths, the console and writes below /proc can be led elsewhere',
    mendedIn: ['1.2.8', '1.3.3', '1.4.0'],
  },
];

/** What a runc of this version may have, a line each for the operator; empty for none. Pre-releases count as older than their release. */
export function knownFlaws(runcVersion: string): string[] {
  const parsed = /^v?(\d+)\.(\d+)\.(\d+)(-rc)?(.*)$/.exec(runcVersion);
  if (parsed === null)
    return ['The engine does not tell which runc it has, so nothing is known of its flaws.'];
  const [, major, minor, patch, preRelease, build] = parsed;
  const version = [Number(major), Number(minor), Number(patch) - (preRelease ? 0.5 : 0)];
  // Whoever builds it for a distribution often mends the old release and keeps its number.
  const doubt = build === '' ? '' : ' unless its distribution has mended that';
  return flaws
    .filter(({ mendedIn }) => !isMended(version, mendedIn))
    .map(
      ({ names, what, mendedIn }) =>
        `runc ${runcVersion} has ${names}${doubt}: ${what}. Mended in ${mendedIn.join(', ')}.`,
    );
}

function isMended(version: readonly number[], mendedIn: readonly string[]): boolean {
  const releases = mendedIn.map((release) => release.split('.').map(Number));
  const ofLine = releases.find(
    (release) => compare(release.slice(0, 2), version.slice(0, 2)) === 0,
  );
  const needed = ofLine ?? releases.at(-1)!;
  return compare(version, needed) >= 0;
}

function compare(left: readonly number[], right: readonly number[]): number {
  const different = left.findIndex((number, index) => number !== right[index]);
  return different === -1 ? 0 : left[different]! - right[different]!;
}
