// Dashboards and rules name what there is, and say what they show.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { referenceDirectory } from '../docs/generate.ts';
import { boardDirectory, boards, fileOf } from '../grafana/generate.ts';
import { metricsIn, queriesOf, recordedNames, ruleTexts } from './helpers/queries.ts';
import { projectDirectory } from './helpers/source-files.ts';

const reference = readFileSync(new URL('metrics.md', referenceDirectory), 'utf8');
const declared = new Set(
  [...reference.matchAll(/^\| `(cellar_\w+)` \|/gm)].map(([, name]) => name!),
);
const recorded = new Set(recordedNames());

describe('dashboards', () => {
  it.each(boards.map(fileOf))(
    '$name is what the source says (npm run dashboards)',
    ({ name, text }) => {
      expect(readFileSync(new URL(name, boardDirectory), 'utf8')).toBe(text);
    },
  );

  it('are all there are', () => {
    const names = boards.map((board) => fileOf(board).name);
    expect(readdirSync(boardDirectory).toSorted()).toEqual(names.toSorted());
  });

  const panels = boards.flatMap(({ title, rows }) =>
    Object.values(rows)
      .flat()
      .map((panel) => ({ name: `${title} / ${panel.title}`, panel })),
  );

  it.each(panels)('$name says what it shows, in which unit', ({ panel }) => {
    expect(panel.description.length).toBeGreaterThan(3);
    expect(panel.description).toMatch(/\.$/);
    expect(panel.unit).not.toBe('');
    expect(Object.keys(panel.queries).length).toBeGreaterThan(0);
  });

  it.each(queriesOf(boards))(
    '$panel queries metrics that are exported: $expression',
    ({ expression }) => {
      const names = metricsIn(expression);
      expect(names.length).toBeGreaterThan(0);
      expect(names.filter((name) => !declared.has(name) && !recorded.has(name))).toEqual([]);
    },
  );

  it('show every metric of the service somewhere', () => {
    const shown = new Set(queriesOf(boards).flatMap(({ expression }) => metricsIn(expression)));
    // By the recording rules of the objectives.
    for (const name of metricsIn(ruleTexts.join('\n'))) shown.add(name);
    const ours = [...declared].filter((name) => !/^cellar_(process|nodejs)_/.test(name));
    expect(ours.filter((name) => !shown.has(name))).toEqual([]);
  });
});

describe('rules', () => {
  const operations = readFileSync(join(projectDirectory, 'docs/operations.md'), 'utf8');
  const tests = readdirSync(join(projectDirectory, 'prometheus/tests'))
    .map((name) => readFileSync(join(projectDirectory, 'prometheus/tests', name), 'utf8'))
    .join('\n');
  const alerts = [...new Set(ruleTexts.join('\n').match(/(?<=- alert: )\w+/g))];

  it('query metrics that are exported', () => {
    const unknown = metricsIn(ruleTexts.join('\n')).filter(
      (name) => !declared.has(name) && !recorded.has(name),
    );
    expect(unknown).toEqual([]);
  });

  it('that alert are there', () => expect(alerts.length).toBeGreaterThan(10));

  it.each(alerts)('%s has a section of what to do', (alert) => {
    expect(operations).toContain(`\n### ${alert}\n`);
    expect(ruleTexts.join('\n')).toContain(`runbook: docs/operations.md#${alert.toLowerCase()}\n`);
  });

  it.each(alerts)('%s is tested to fire, and to keep quiet', (alert) => {
    expect(tests).toMatch(new RegExp(`${alert} (fires|calls|files)`));
    expect(tests).toContain(`${alert} keeps quiet`);
  });
});
