import { expect, it } from 'vitest';
import { lagShare, lagTone } from './lag';

it.each([
  [0, 0, 'ok'],
  [12, 0, 'ok'],
  [1000, 0, 'ok'],
  [10_000, 1 / 3, 'warn'],
  [100_000, 2 / 3, 'crit'],
  [50_000_000, 1, 'crit'],
])('%i events behind fill %f of the bar', (lag, share, tone) => {
  expect(lagShare(lag)).toBeCloseTo(share);
  expect(lagTone(lag)).toBe(tone);
});
