// Writes the dashboards as Grafana reads them into grafana/json. `npm run dashboards` runs it; a test fails when what is committed differs.
import { writeFile } from 'node:fs/promises';
import { type Board, boardOf } from './board.ts';
import { capacity } from './dashboards/capacity.ts';
import { host } from './dashboards/host.ts';
import { overview } from './dashboards/overview.ts';
import { security } from './dashboards/security.ts';
import { sessions } from './dashboards/sessions.ts';
import { tenants } from './dashboards/tenants.ts';

export const boards: readonly Board[] = [overview, sessions, capacity, tenants, security, host];

export const boardDirectory = new URL('./json/', import.meta.url);

/** The file of one dashboard. */
export function fileOf(board: Board): { readonly name: string; readonly text: string } {
  return { name: `${board.uid}.json`, text: `${JSON.stringify(boardOf(board), null, 2)}\n` };
}

if (import.meta.main) {
  for (const { name, text } of boards.map(fileOf))
    await writeFile(new URL(name, boardDirectory), text);
}
