import { expect, it } from 'vitest';
import { holdWords } from './holds';

const KEPT = 'Kept until somebody releases it, on the system page';

it('says that all of the range is kept', () => {
  expect(holdWords({ devices: ['yard'], dropped_s: 0 })).toBe(KEPT);
});

it('says how much of the range had been deleted before', () => {
  expect(holdWords({ devices: ['yard'], dropped_s: 7500 })).toBe(
    `${KEPT}; 2 h 5 min of recordings had been deleted before`,
  );
});

it('adds up what was deleted of several cameras', () => {
  expect(holdWords({ devices: [], dropped_s: 90 })).toBe(
    `${KEPT}; 1 min 30 s of recordings, of all its cameras together, had been deleted before`,
  );
});
