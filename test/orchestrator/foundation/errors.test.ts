import { describe, expect, it } from 'vitest';
import { AppError, errorTable } from '../../../src/orchestrator/foundation/errors.ts';

describe('an application error', () => {
  it('says what its code means, or the detail it was given', () => {
    expect(new AppError('queue_full').message).toBe(errorTable.queue_full.title);
    expect(new AppError('queue_full', { detail: 'more' }).message).toBe('more');
  });

  it('keeps its cause', () => {
    const cause = new Error('why');
    expect(new AppError('internal', { cause }).cause).toBe(cause);
  });

  it('says when to try again exactly where that may help', () => {
    expect(new AppError('overloaded').retryAfterSeconds).toBe(1);
    expect(new AppError('overloaded', { retryAfterSeconds: 30 }).retryAfterSeconds).toBe(30);
    expect(new AppError('not_found').retryAfterSeconds).toBeUndefined();
  });
});

describe('the error table', () => {
  it.each(Object.entries(errorTable))('%s has a failing status and a sentence', (code, row) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(row.status).toBeGreaterThanOrEqual(400);
    expect(row.status).toBeLessThan(600);
    expect(row.title).toMatch(/^[A-Z].*\.$/);
  });
});
