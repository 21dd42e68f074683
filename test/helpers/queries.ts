// The queries of dashboards and rules, and the names in them.
import { readFileSync } from 'node:fs';
import type { Board } from '../../grafana/board.ts';

const directory = new URL('../../prometheus/', import.meta.url);

export const ruleTexts = ['recording-rules.yml', 'alert-rules.yml'].map((name) =>
  readFileSync(new URL(name, directory), 'utf8'),
);

/** Names of the series that rules compute. */
export function recordedNames(): string[] {
  return ruleTexts.flatMap((text) => text.match(/(?<=- record: )\S+/g) ?? []);
}

export type Query = { readonly panel: string; readonly expression: string };

export function queriesOf(boards: readonly Board[]): Query[] {
  return boards.flatMap(({ title, rows }) =>
    Object.values(rows)
      .flat()
      .flatMap((panel) =>
        Object.values(panel.queries).map((expression) => ({
          panel: `${title} / ${panel.title}`,
          expression,
        })),
      ),
  );
}

/** Metrics that a text names, without what a histogram adds to its name. */
export function metricsIn(text: string): string[] {
  const names = text.match(/\bcellar(_[a-z0-9_]+|:[a-z0-9_]+:[a-z0-9_]+)/g) ?? [];
  return [...new Set(names.map((name) => name.replace(/_(bucket|count|sum)$/, '')))];
}
