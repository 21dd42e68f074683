// Reads the configuration: defaults, then the file, then the environment. Whatever is wrong is told at once and by
// name, and a name that means nothing is wrong too: a mistyped limit must not silently be the default.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Type } from 'typebox';
import Value from 'typebox/value';
import { StartError } from '../foundation/start-error.ts';
import {
  type Config,
  factsOf,
  orderedSettings,
  pairedSettings,
  type SettingName,
  settingNames,
  settings,
  variableOf,
} from './config.ts';
import type { Found } from './found.ts';
import { nearest } from './nearest.ts';
import { signOnMistakes } from './sign-on-check.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const fileVariable = 'CELLAR_CONFIG';
const defaultFile = 'cellar.config.json';

/** Paths are relative to `directory`, and so is the default file. Throws StartError that lists every problem. */
export async function loadConfig(environment: Environment, directory: string): Promise<Config> {
  const problems: string[] = [];
  const file = await readSettings(environment[fileVariable], directory, problems);
  const found = new Map<SettingName, Found>();
  for (const name of settingNames) {
    const setting = find(name, file, environment);
    if (setting.value === undefined) continue;
    const mistake = mistakeIn(name, setting);
    if (mistake === null) found.set(name, setting);
    else problems.push(mistake);
  }
  problems.push(
    ...unknownNames(file, environment),
    ...disorder(found),
    ...missing(found),
    ...signOnMistakes(found),
  );
  if (problems.length > 0)
    throw new StartError(
      `The configuration is not valid:\n${problems.map((line) => `  - ${line}`).join('\n')}`,
    );
  const values = Object.fromEntries([...found].map(([name, { value }]) => [name, value])) as Config;
  return { ...values, dataDir: resolve(directory, values.dataDir) };
}

/** What holds where nothing is configured. */
export function defaultConfig(directory: string): Config {
  const values = Object.fromEntries(
    settingNames.flatMap((name) => {
      const value = structuredClone(factsOf(name).default);
      return value === undefined ? [] : [[name, value]];
    }),
  ) as Config;
  return { ...values, dataDir: resolve(directory, values.dataDir) };
}

type FileSettings = { readonly path: string; readonly values: Readonly<Record<string, unknown>> };

async function readSettings(
  configured: string | undefined,
  directory: string,
  problems: string[],
): Promise<FileSettings> {
  const path = resolve(directory, configured || defaultFile);
  try {
    const values: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof values === 'object' && values !== null && !Array.isArray(values))
      return { path, values: { ...values } };
    problems.push(`${path} must hold a JSON object`);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    // The default file need not be there; one that was named must.
    if (!missing || configured) problems.push(`${path} cannot be read: ${reason(error)}`);
  }
  return { path, values: {} };
}

function reason(error: unknown): string {
  // SECURITY: V8 quotes the text around a JSON mistake, and the text may hold the key.
  if (error instanceof SyntaxError) return 'it is not JSON';
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function find(name: SettingName, file: FileSettings, environment: Environment): Found {
  const variable = variableOf(name);
  const given = environment[variable];
  // An empty variable counts as none: compose files pass those on.
  if (given) return { value: fromText(name, given), place: variable };
  if (Object.hasOwn(file.values, name))
    return { value: file.values[name], place: `"${name}" in ${file.path}` };
  return { value: structuredClone(factsOf(name).default), place: variable };
}

/** What does not look like a number stays text, which the schema then refuses. */
function fromText(name: SettingName, given: string): unknown {
  const schema = settings[name];
  if (Type.IsArray(schema)) return given.split(',').map((part) => part.trim());
  if (Type.IsBoolean(schema) && ['true', 'false'].includes(given)) return given === 'true';
  if (!Type.IsInteger(schema) && !Type.IsNumber(schema)) return given;
  return /^-?\d+(\.\d+)?$/.test(given) ? Number(given) : given;
}

/** SECURITY: the value itself is not repeated, it may be the key. */
function mistakeIn(name: SettingName, { value, place }: Found): string | null {
  const [error] = Value.Errors(settings[name], value);
  if (!error) return null;
  const choices = factsOf(name).enum;
  const message = choices ? `must be one of ${choices.join(', ')}` : error.message;
  return [place, error.instancePath, message].filter((part) => part !== '').join(' ');
}

function unknownNames(file: FileSettings, environment: Environment): string[] {
  const variables = [...settingNames.map(variableOf), fileVariable];
  const strayVariables = Object.keys(environment)
    .filter((variable) => variable.startsWith('CELLAR_') && !variables.includes(variable))
    .map((variable) => `${variable} is no setting${suggestion(variable, variables)}`);
  const strayKeys = Object.keys(file.values)
    .filter((key) => !Object.hasOwn(settings, key))
    .map((key) => `"${key}" in ${file.path} is no setting${suggestion(key, settingNames)}`);
  return [...strayKeys, ...strayVariables];
}

function suggestion(name: string, names: readonly string[]): string {
  const meant = nearest(name, names);
  return meant === null ? '' : `; did you mean ${meant}?`;
}

/** Settings that another one needs. */
function missing(found: ReadonlyMap<SettingName, Found>): string[] {
  const problems: string[] = [];
  const store = found.get('snapshotStore');
  if (store?.value === 's3' && !found.has('s3Bucket'))
    problems.push(`${store.place} is s3, so ${variableOf('s3Bucket')} must be set`);
  for (const [name, other] of pairedSettings) {
    const given = found.get(name);
    if (given && !found.has(other))
      problems.push(`${given.place} is set, so ${variableOf(other)} must be set, too`);
  }
  return problems;
}

function disorder(found: ReadonlyMap<SettingName, Found>): string[] {
  const problems: string[] = [];
  for (const [lower, upper] of orderedSettings) {
    const [least, most] = [found.get(lower), found.get(upper)];
    if (least && most && Number(least.value) > Number(most.value))
      problems.push(`${least.place} must be <= ${most.place} (${most.value})`);
  }
  return problems;
}
