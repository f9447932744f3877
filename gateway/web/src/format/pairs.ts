// Points that are marked in the picture of a camera and in the heat beside it, one pair after the other.

import type { Point } from './shapes';

export const FEWEST_PAIRS = 4;
export const MOST_PAIRS = 12;

export interface Pairs {
  visual: readonly Point[];
  thermal: readonly Point[];
}
export type Side = keyof Pairs;

const rounded = (share: number): number => Math.round(Math.max(0, Math.min(1, share)) * 1000) / 1000;

/** A point more on one side; none where the other side has to follow first, or where there are enough. */
export function marked(pairs: Pairs, side: Side, [x, y]: Point): Pairs {
  const other = side === 'visual' ? 'thermal' : 'visual';
  if (pairs[side].length > pairs[other].length || pairs[side].length >= MOST_PAIRS) return pairs;
  return { ...pairs, [side]: [...pairs[side], [rounded(x), rounded(y)]] };
}

export const moved = (pairs: Pairs, side: Side, index: number, [x, y]: Point): Pairs => ({
  ...pairs,
  [side]: pairs[side].map((point, i) => (i === index ? [rounded(x), rounded(y)] : point)),
});

export const withoutPair = (pairs: Pairs, index: number): Pairs => ({
  visual: pairs.visual.filter((_, i) => i !== index),
  thermal: pairs.thermal.filter((_, i) => i !== index),
});

/** What is to be done next, in words. */
export function nextStep({ visual, thermal }: Pairs): string {
  if (visual.length > thermal.length) return `Now the same point ${visual.length} in the thermal picture`;
  if (thermal.length > visual.length) return `Now the same point ${thermal.length} in the picture of the camera`;
  const missing = FEWEST_PAIRS - visual.length;
  if (missing > 0)
    return `Mark a point in one picture, then the same in the other; ${missing} ${missing === 1 ? 'pair is' : 'pairs are'} missing`;
  return visual.length < MOST_PAIRS ? 'Enough to be saved; more make it better' : 'No more than these are taken';
}

export const areComplete = ({ visual, thermal }: Pairs): boolean =>
  visual.length === thermal.length && visual.length >= FEWEST_PAIRS;
