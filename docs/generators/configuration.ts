// docs/reference/configuration.md: every setting with its variable, default and bounds.
import {
  factsOf,
  orderedSettings,
  type SettingFacts,
  type SettingName,
  settingNames,
  variableOf,
} from '../../src/orchestrator/config/config.ts';
import { generatedNote, table } from './table.ts';

export function configurationReference(): string {
  const rows = settingNames.map((name) => {
    const facts = factsOf(name);
    return [
      code(name),
      code(variableOf(name)),
      defaultOf(facts),
      bounds(name, facts),
      facts.description,
    ];
  });
  return `${generatedNote}
# Configuration

A setting comes from its environment variable, else from the configuration file, else it has its default. The file is
\`cellar.config.json\` in the working directory, or the one that \`CELLAR_CONFIG\` names: one JSON object with the settings as
keys. An environment variable that is empty counts as not set; lists are separated by commas there. Relative paths are
relative to the working directory.

The service refuses to start when anything is wrong, and tells all mistakes at once; a name that is no setting is one of them.

${table(['Setting', 'Variable', 'Default', 'Allowed', 'Meaning'], rows)}`;
}

function code(value: unknown): string {
  return `\`${value}\``;
}

function defaultOf({ default: value, unit }: SettingFacts): string {
  if (value === undefined) return 'none';
  if (value === '') return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'empty' : code(value.join());
  return typeof value === 'number' ? withUnit(value, unit) : code(value);
}

function bounds(
  name: SettingName,
  { minimum, maximum, enum: choices, unit }: SettingFacts,
): string {
  if (choices) return choices.map(code).join(', ');
  if (minimum === undefined || maximum === undefined) return '';
  const upper = orderedSettings.find(([lower]) => lower === name)?.[1];
  return `${withUnit(minimum, unit)} to ${upper ? code(upper) : withUnit(maximum, unit)}`;
}

/** `268435456 (256 MiB)`, `5000 ms`. */
function withUnit(value: number, unit: string | undefined): string {
  if (unit === undefined) return String(value);
  if (unit !== 'bytes') return `${value} ${unit}`;
  const steps = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [amount, step] = [value, 0];
  while (amount >= 1024 && amount % 1024 === 0 && step < steps.length - 1) {
    amount /= 1024;
    step += 1;
  }
  return step === 0 ? `${value} bytes` : `${value} (${amount} ${steps[step]})`;
}
