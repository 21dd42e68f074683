import { describe, expect, it } from 'vitest';
import { newId } from '../../../src/orchestrator/foundation/id.ts';

describe('an identifier', () => {
  it('shows its kind and carries 128 bits in 26 characters', () => {
    expect(newId('ses')).toMatch(/^ses-[0-7][0-9a-hjkmnp-tv-z]{25}$/);
  });

  it('uses every bit: all characters occur at every place, and none twice in a row of ids', () => {
    const ids = Array.from({ length: 2000 }, () => newId('exec').slice('exec-'.length));
    expect(new Set(ids).size).toBe(ids.length);
    for (let place = 0; place < 26; place++)
      expect(new Set(ids.map((id) => id[place])).size).toBe(place === 0 ? 8 : 32);
  });
});
