// Bar charts as SVG, for the page of measured numbers. Pure. The colours are read on a light and on a dark page.
import { formatCell } from './table.ts';

export type Bar = {
  readonly label: string;
  readonly value: number;
  /** What stands behind the bar; the value without it. */
  readonly text?: string;
  readonly good: boolean;
};

export type BarChart = {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** A line across all bars, and what it means. */
  readonly mark?: { readonly value: number; readonly text: string };
  /** For values of very different size: as long as the logarithm, from this value on. */
  readonly logarithmicFrom?: number;
};

const width = 900;
const labelWidth = 430;
const textWidth = 130;
const rowHeight = 22;
const barHeight = 14;
const top = 44;
const colours = { good: '#3a9d5d', bad: '#d08a2e', mark: '#8a8f98', text: '#7d828b' };

/** Bars that are not numbers are left out. */
export function barChartSvg({ title, bars, mark, logarithmicFrom }: BarChart): string {
  const shown = bars.filter(({ value }) => Number.isFinite(value));
  const most = Math.max(...shown.map(({ value }) => value), mark?.value ?? 0);
  const room = width - labelWidth - textWidth;
  const lengthOf = (value: number) => {
    if (logarithmicFrom === undefined) return (value / most) * room;
    if (value <= logarithmicFrom) return 1;
    return (Math.log(value / logarithmicFrom) / Math.log(most / logarithmicFrom)) * room;
  };
  const height = top + shown.length * rowHeight + 8;
  const rows = shown.map((bar, index) => {
    const y = top + index * rowHeight;
    const length = Math.max(1, lengthOf(bar.value));
    const text = bar.text ?? formatCell(bar.value);
    return (
      `<text x="${labelWidth - 8}" y="${y + 11}" text-anchor="end">${escaped(bar.label)}</text>` +
      `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2" fill="${bar.good ? colours.good : colours.bad}"/>` +
      `<text x="${(labelWidth + length + 6).toFixed(1)}" y="${y + 11}">${escaped(text)}</text>`
    );
  });
  const line = mark ? markLine(labelWidth + lengthOf(mark.value), mark.text, height) : [];
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="12" fill="${colours.text}">`,
    `<text x="8" y="16" font-size="14" font-weight="600">${escaped(title)}</text>`,
    ...rows,
    ...line,
    '</svg>',
  ].join('\n')}\n`;
}

function markLine(x: number, text: string, height: number): string[] {
  const at = x.toFixed(1);
  return [
    `<line x1="${at}" y1="${top - 8}" x2="${at}" y2="${height - 6}" stroke="${colours.mark}" stroke-dasharray="4 3"/>`,
    `<text x="${at}" y="${top - 12}" text-anchor="middle">${escaped(text)}</text>`,
  ];
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
