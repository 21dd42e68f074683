import { describe, expect, it } from 'vitest';
import { Tickets } from '../../../src/orchestrator/auth/tickets.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

const principal = { tenant: 'red', role: 'developer', keyId: 'key-1' } as const;

describe('tickets', () => {
  it('open what they were issued for, once', () => {
    const tickets = new Tickets(new FakeClock());
    const { ticket } = tickets.issue(principal, 'ses-1');
    expect(tickets.redeem(ticket)).toEqual({ principal, sessionId: 'ses-1' });
    expect(tickets.redeem(ticket)).toBeNull();
  });

  it('end after thirty seconds, as they say', () => {
    const clock = new FakeClock();
    const tickets = new Tickets(clock);
    const first = tickets.issue(principal, 'ses-1');
    const second = tickets.issue(principal, 'ses-1');
    expect(first.expiresAt).toBe(clock.now() + 30_000);
    clock.advance(29_999);
    expect(tickets.redeem(first.ticket)).not.toBeNull();
    clock.advance(1);
    expect(tickets.redeem(second.ticket)).toBeNull();
  });

  it('cannot be guessed from one another', () => {
    const tickets = new Tickets(new FakeClock());
    const made = Array.from({ length: 100 }, () => tickets.issue(principal, 'ses-1').ticket);
    expect(new Set(made).size).toBe(100);
    for (const ticket of made) expect(ticket).toMatch(/^[\w-]{43}$/);
    expect(tickets.redeem('guess')).toBeNull();
  });

  it('are bounded in number, and ended ones make room', () => {
    const clock = new FakeClock();
    const tickets = new Tickets(clock);
    for (let i = 0; i < 10_000; i++) tickets.issue(principal, 'ses-1');
    expect(() => tickets.issue(principal, 'ses-1')).toThrow(
      expect.objectContaining({ code: 'overloaded' }),
    );
    clock.advance(30_000);
    expect(tickets.redeem(tickets.issue(principal, 'ses-1').ticket)).not.toBeNull();
  });
});
