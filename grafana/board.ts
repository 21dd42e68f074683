// A dashboard from rows of panels, each with its unit, its description and its queries; all of them with the same variables and links.
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

export type Unit =
  | 'short'
  | 's'
  | 'bytes'
  | 'percentunit'
  | 'reqps'
  | 'ops'
  | 'suffix: cores'
  | 'Bps';

export type Panel = {
  readonly title: string;
  /** What it shows, and what to make of it. */
  readonly description: string;
  readonly unit: Unit;
  /** Queries by their legends, in which `{{label}}` stands for a label. */
  readonly queries: Readonly<Record<string, string>>;
  /** Only the last value, as a number. */
  readonly stat?: true;
  readonly stacked?: true;
  /** The highest that makes sense. */
  readonly max?: number;
};

export type Board = {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly rows: Readonly<Record<string, readonly Panel[]>>;
};

const datasource = { type: 'prometheus', uid: '$datasource' };
const width = 24;
const panelWidth = 8;
const statWidth = 4;

/** The dashboard as Grafana takes it. */
export function boardOf({ uid, title, description, rows }: Board): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['cellar'])
    .readonly()
    .timezone('browser')
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .withVariable(
      new dashboard.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    )
    .withVariable(
      new dashboard.QueryVariableBuilder('instance')
        .label('Instance')
        .datasource(datasource)
        .query('label_values(cellar_build_info, instance)')
        .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
        .multi(true)
        .includeAll(true)
        .allValue('.*')
        .current({ text: 'All', value: '$__all', selected: true }),
    )
    .link(
      new dashboard.DashboardLinkBuilder('Cellar')
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags(['cellar'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    );
  for (const [name, panels] of Object.entries(rows)) {
    builder.withRow(new dashboard.RowBuilder(name));
    for (const panel of panels) builder.withPanel(panel.stat ? statOf(panel) : timeseriesOf(panel));
  }
  return builder.build();
}

function statOf(panel: Panel): StatBuilder {
  const builder = new StatBuilder().span(statWidth).height(4);
  describe(builder, panel);
  return builder.graphMode(common.BigValueGraphMode.Area);
}

function timeseriesOf(panel: Panel): TimeseriesBuilder {
  const builder = new TimeseriesBuilder()
    .span(Math.min(panelWidth, width))
    .height(8)
    .lineWidth(1)
    .fillOpacity(10)
    .showPoints(common.VisibilityMode.Never)
    .min(0)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    );
  describe(builder, panel);
  if (panel.max !== undefined) builder.max(panel.max);
  if (panel.stacked)
    builder.stacking(
      new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'),
    );
  return builder;
}

function describe(builder: StatBuilder | TimeseriesBuilder, panel: Panel): void {
  builder.title(panel.title).description(panel.description).unit(panel.unit).datasource(datasource);
  for (const [legend, expression] of Object.entries(panel.queries))
    builder.withTarget(
      new DataqueryBuilder().datasource(datasource).expr(expression).legendFormat(legend).range(),
    );
}
