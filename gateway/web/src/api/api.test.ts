import { describe, expect, it } from 'vitest';
import { EVENT_NAMES } from './contract.ts';
import { LIVE_NAMES } from './api.ts';

describe('what the page follows live', () => {
  it('is every family of the contract but frames and media', () => {
    expect([...LIVE_NAMES, 'frame', 'media'].sort()).toEqual([...EVENT_NAMES].sort());
    expect(LIVE_NAMES).toContain('detection');
    expect(LIVE_NAMES).toContain('recording');
  });
});
