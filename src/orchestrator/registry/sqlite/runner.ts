// Runs work on the database, and gives its failures as those of the registry.
export type Runner = <Result>(work: () => Result) => Result;
