// What the page says where a target is missed: by how much that is, and, from what is known of each benchmark, what the time goes to and what was
// tried. Pure.
import type { Report, Verdict } from './report.ts';
import { formatCell } from './table.ts';

/** By the name of the benchmark. */
const reasons: Readonly<Record<string, string>> = {
  execute:
    'A result is on the disk before it is told, which is a durable write in each round trip; the rows with data in memory show the rest. That is processor time of the one process of the service: the commits of the record, its events and its end, then system calls, checking what comes from both sides, and the socket; no single part is left that stands out. Tried: one commit for all sessions that are busy at the same time (kept).',
  throughput:
    'The processors have nothing left to give, so what counts is the processor time of an execution, which the table divides among those who spend it. Tried: one commit for all sessions that are busy at the same time (kept).',
  fairness:
    'With two processors the neighbour’s sandboxes, the engine that starts and removes its containers, and the clients of both take turns with the service itself. Tried: weights for the processor (kept), one start more at once than there are processors instead of eight (kept, it halved the 99th percentile), a refill of the pool that stands back (kept), turns for executions between tenants (left out: they cost the flood more than they gave the quiet one, see [the decision](decisions/0016-room-for-sandboxes.md)).',
  create:
    'A sandbox that waited has its engine loaded and has executed a program; what is left is the commit of the session, its configuration over the link, the first execution, and the commit of its end. Fifty at once are fifty times that on the same processors. Without one that waited, nearly all of it is the container and the start of Node, which the bare container has too. Tried: a compile cache in the image (no gain), a warm-up while it waits (kept).',
  state:
    'Under the policy `execution` the heap is written, sent, put into the store and on the disk before the result is told. Tried: an agent that has stored and taken back a state once before it is given away (kept).',
};

/** A section of a page; empty where every target is met. */
export function missedAsMarkdown(reports: readonly Report[]): string {
  const sections = reports.flatMap(({ name, title, verdicts }) => {
    const missed = verdicts.filter(({ met }) => !met);
    if (missed.length === 0) return [];
    const lines = missed.map((one) => `- ${one.what}: ${distance(one)}\n`).join('');
    const reason = reasons[name];
    return [`**${title}**\n\n${lines}${reason === undefined ? '' : `\n${reason}\n`}`];
  });
  return sections.length === 0 ? '' : ['## What is missed, and why\n', ...sections].join('\n');
}

function distance({ measured, limit, bound, unit }: Verdict): string {
  const [word, factor] =
    bound === 'at most' ? ['above', measured / limit] : ['below', limit / measured];
  return `${formatCell(measured)} ${unit}, ${formatCell(factor)} times ${word} the limit of ${Number(limit.toPrecision(3))} ${unit}`;
}
