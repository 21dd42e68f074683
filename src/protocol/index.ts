// The face of the zone: what orchestrator and agent say to each other. Imports nothing of ours.
export * from './archive-faults.ts';
export * from './body-reader.ts';
export * from './failures.ts';
export * from './limits.ts';
export * from './lines.ts';
export * from './messages.ts';
export * from './profile.ts';
export * from './routes.ts';
