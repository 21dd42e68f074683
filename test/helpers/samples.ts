// Looks up values in metrics as they are exported.

/** The value of one series: `cellar_sessions{state="idle"}`, labels in any order. Undefined when there is none. */
export function sampleOf(text: string, series: string): number | undefined {
  const [name, labels] = partsOf(series);
  for (const line of text.split('\n')) {
    if (!line.startsWith(name)) continue;
    const at = line.lastIndexOf(' ');
    const [found, has] = partsOf(line.slice(0, at));
    if (found === name && has.join() === labels.join()) return Number(line.slice(at + 1));
  }
  return undefined;
}

/** Series of a metric, those of its buckets not. */
export function seriesOf(text: string, name: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => line.slice(0, line.lastIndexOf(' ')));
}

function partsOf(series: string): [name: string, labels: string[]] {
  const [, name, labels = ''] = /^([^{]*)(?:\{(.*)\})?$/.exec(series) ?? [];
  return [name ?? '', labels.split(/,(?=\w+=")/).sort()];
}
