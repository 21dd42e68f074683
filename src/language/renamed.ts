// Names that the expansion of macros gave to what a template declares. No program can write one.

const mark = '#';

/** A name for one expansion; `number` is unique in the unit. */
export function renamed(name: string, number: number): string {
  return `${name}${mark}${number}`;
}

export function isRenamed(name: string): boolean {
  return name.includes(mark);
}

/** The name as the template has it. */
export function writtenName(name: string): string {
  const end = name.indexOf(mark);
  return end < 0 ? name : name.slice(0, end);
}
