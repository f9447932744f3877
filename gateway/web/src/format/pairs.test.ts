import { describe, expect, it } from 'vitest';
import { MOST_PAIRS, areComplete, marked, moved, nextStep, withoutPair, type Pairs } from './pairs';

const none: Pairs = { visual: [], thermal: [] };
const pair = (pairs: Pairs, x: number): Pairs => marked(marked(pairs, 'visual', [x, 0.1]), 'thermal', [x, 0.2]);
const four = [0.1, 0.3, 0.6, 0.9].reduce(pair, none);

describe('pairs of points', () => {
  it('are marked in one picture and then in the other, and never twice in one', () => {
    const one = marked(none, 'visual', [0.12345, 1.2]);

    expect(one).toEqual({ visual: [[0.123, 1]], thermal: [] });
    expect(marked(one, 'visual', [0.5, 0.5])).toBe(one);
    expect(marked(one, 'thermal', [0.5, 0.5]).thermal).toEqual([[0.5, 0.5]]);
  });

  it('are no more than a device takes', () => {
    const many = Array.from({ length: MOST_PAIRS + 3 }, (_, i) => i / 20).reduce(pair, none);

    expect([many.visual.length, many.thermal.length]).toEqual([MOST_PAIRS, MOST_PAIRS]);
  });

  it('say what is to be done next', () => {
    expect(nextStep(none)).toContain('4 pairs are missing');
    expect(nextStep([0.1, 0.3, 0.6].reduce(pair, none))).toContain('1 pair is missing');
    expect(nextStep(marked(four, 'thermal', [0.5, 0.5]))).toBe('Now the same point 5 in the picture of the camera');
    expect(nextStep(four)).toContain('Enough to be saved');
    expect([areComplete(four), areComplete(marked(four, 'visual', [0.5, 0.5]))]).toEqual([true, false]);
  });

  it('are moved on one side, and taken away on both', () => {
    expect(moved(four, 'thermal', 1, [0.4, 0.4])).toEqual({
      visual: four.visual,
      thermal: [four.thermal[0], [0.4, 0.4], four.thermal[2], four.thermal[3]],
    });
    expect(withoutPair(four, 0)).toEqual({ visual: four.visual.slice(1), thermal: four.thermal.slice(1) });
  });
});
