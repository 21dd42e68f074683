// A thread with its own connection that copies the write-ahead log into the database file when it is told to: this is
// where the waiting for the disk happens. It never writes anything else, and never blocks who does.
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** Frames that the log holds now, whether copied or not; or SQLite's result code. */
export type CheckpointReport = { readonly frames: number } | { readonly errcode: number };

const connection = new DatabaseSync(String(workerData));
const checkpoint = connection.prepare('pragma wal_checkpoint(passive)');

parentPort?.on('message', () => parentPort?.postMessage(report()));

function report(): CheckpointReport {
  try {
    return { frames: Number(checkpoint.get()?.log) };
  } catch (error) {
    if (error instanceof Error && 'errcode' in error) return { errcode: Number(error.errcode) };
    throw error;
  }
}
