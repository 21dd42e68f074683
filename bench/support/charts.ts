// Which charts belong to what was measured: one of all promises, and one of each table that tells medians. Pure.
import { barChartSvg } from './bar-chart.ts';
import type { Report, Table, Verdict } from './report.ts';
import { formatCell } from './table.ts';

/** A file beside the page. */
export type ChartFile = { readonly name: string; readonly title: string; readonly svg: string };

const medianColumn = /\bp50\b/;

/** How far each promise is kept: 1 is the limit, less is better. */
export function promisesChart(reports: readonly Report[]): ChartFile {
  const title = 'What was measured, as a share of what was promised';
  const bars = reports.flatMap(({ verdicts }) =>
    verdicts.map((verdict) => ({
      label: verdict.what,
      value: shareOf(verdict),
      text: `${formatCell(verdict.measured)} ${verdict.unit}`,
      good: verdict.met,
    })),
  );
  const svg = barChartSvg({
    title,
    bars,
    mark: { value: 1, text: 'limit' },
    logarithmicFrom: 0.01,
  });
  return { name: 'promises.svg', title, svg };
}

/** Of the tables with medians, in their order. */
export function medianCharts({ name, tables }: Report): ChartFile[] {
  return tables.flatMap((table, index) => {
    const column = table.columns.findIndex((title) => medianColumn.test(title));
    if (column === -1) return [];
    const title = `${table.title}: ${table.columns[column]}`;
    const svg = barChartSvg({ title, bars: barsOf(table, column) });
    return [{ name: `${name}-${index + 1}.svg`, title, svg }];
  });
}

function barsOf({ rows }: Table, column: number) {
  return rows.map((row) => {
    const value = row[column];
    return {
      label: formatCell(row[0] ?? ''),
      value: typeof value === 'number' ? value : Number.NaN,
      good: true,
    };
  });
}

function shareOf({ measured, limit, bound }: Verdict): number {
  return bound === 'at most' ? measured / limit : limit / measured;
}
