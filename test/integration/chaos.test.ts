// Sessions at work while the service, containers and the engine are killed a hundred times: nothing that was acknowledged is lost.
// CHAOS_SEED says what happens, CHAOS_KILLS how often. `make chaos` is the long form.
import { expect, it } from 'vitest';
import { chaos } from '../helpers/chaos/chaos.ts';

const seed = Number(process.env.CHAOS_SEED ?? 20_261_123);
const kills = Number(process.env.CHAOS_KILLS ?? 100);

it(`keeps every promise through ${kills} kills (seed ${seed})`, async ({ signal }) => {
  const report = await chaos({ seed, kills, progress: () => {}, signal });
  expect(report.kills).toBeGreaterThanOrEqual(kills);
}, 600_000);
