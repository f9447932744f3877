import { expect, it } from 'vitest';
import { correlationWords } from './correlation';

const found = (pearson: number, lag_s = 0, pairs = 120) => ({ pearson, pairs, lag_s });

it.each([
  ['Lid: 0.84 over 120 minutes; 0.97 if the temperature is taken 14 min later', 'lid', found(0.84), found(0.97, 840)],
  ['Lid: 0.84 over 120 minutes', 'lid', found(0.84), found(0.85, 840)],
  ['Whole frame: -0.40 over 1 minute', 'frame', found(-0.4, 0, 1), null],
  ['Top winding: cannot be computed', 'top_winding', null, null],
] as const)('%s', (words, roi, at_once, closest) => {
  expect(correlationWords({ roi, at_once, closest })).toBe(words);
});
