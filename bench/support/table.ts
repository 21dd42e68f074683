// Tables of a report as aligned text for a terminal and as Markdown for the documentation. Pure.
import type { Cell, Report, Table, Verdict } from './report.ts';

export function reportAsText(report: Report): string {
  const tables = tablesOf(report).map(textTable);
  const notes = report.notes.map((note) => `- ${note}\n`).join('');
  return [`${report.title}\n`, ...tables, notes].join('\n');
}

/** A section of a page: heading, targets, tables, notes. */
export function reportAsMarkdown(report: Report): string {
  const tables = tablesOf(report).map(markdownTable);
  const notes = report.notes.map((note) => `- ${note}\n`).join('');
  return [`## ${report.title}\n`, ...tables, notes].join('\n');
}

/** Three significant digits, whole numbers from a hundred on. */
export function formatCell(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  if (!Number.isFinite(cell)) return '–';
  return Math.abs(cell) >= 100 ? Math.round(cell).toString() : cell.toPrecision(3);
}

function tablesOf({ verdicts, tables }: Report): readonly Table[] {
  return verdicts.length === 0 ? tables : [verdictTable(verdicts), ...tables];
}

const verdictColumns = ['target', 'limit', 'measured', 'met'] as const;

function verdictTable(verdicts: readonly Verdict[]): Table {
  return { title: 'Targets', columns: verdictColumns, rows: verdicts.map(verdictRow) };
}

/** Every target of all benchmarks, each with what it belongs to. */
export function targetsTable(reports: readonly Report[]): Table {
  const rows = reports.flatMap(({ title, verdicts }) =>
    verdicts.map((one) => [title, ...verdictRow(one)]),
  );
  return { title: 'All targets', columns: ['of', ...verdictColumns], rows };
}

function verdictRow({ what, limit, bound, measured, unit, met }: Verdict): string[] {
  return [
    what,
    `${bound === 'at most' ? '≤' : '≥'} ${Number(limit.toPrecision(3))} ${unit}`,
    `${formatCell(measured)} ${unit}`,
    met ? 'yes' : 'no',
  ];
}

function textTable({ title, columns, rows }: Table): string {
  const lines = [columns, ...rows.map((row) => row.map(formatCell))];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((line) => line[index]?.length ?? 0)),
  );
  const text = lines.map((line) =>
    line
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!)))
      .join('  ')
      .trimEnd(),
  );
  return `${title}\n${text.map((line) => `  ${line}\n`).join('')}`;
}

export function markdownTable({ title, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const rule = columns.map((_, index) => (index === 0 ? '---' : '---:'));
  const body = rows.map((row) => line(row.map((cell) => formatCell(cell).replaceAll('|', '\\|'))));
  return `**${title}**\n\n${line(columns)}${line(rule)}${body.join('')}`;
}
