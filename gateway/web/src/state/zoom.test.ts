import { describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../format/time';
import {
  LONGEST_ASKED,
  REACHES,
  askedWindow,
  exactnessOf,
  labelEvery,
  nextReach,
  reachCode,
  reachFrom,
  windowAround,
  windowWith,
} from './zoom';

const day = { from: 0, to: DAY };

describe('the reach of the time bar', () => {
  it('goes from 90 days to ten seconds and back, and stays there', () => {
    expect([90 * DAY, 7 * DAY, DAY, 10 * MINUTE, MINUTE, 10_000].map((reach) => nextReach(reach, 1))).toEqual([
      30 * DAY,
      DAY,
      6 * HOUR,
      MINUTE,
      10_000,
      10_000,
    ]);
    expect([90 * DAY, DAY, 6 * HOUR, MINUTE].map((reach) => nextReach(reach, -1))).toEqual([
      90 * DAY,
      7 * DAY,
      DAY,
      10 * MINUTE,
    ]);
  });

  it('is written into the address and read back', () => {
    expect(REACHES.map(reachCode)).toEqual(['90d', '30d', '7d', '24h', '6h', '1h', '10m', '1m', '10s']);
    expect(REACHES.map((reach) => reachFrom(reachCode(reach)))).toEqual([...REACHES]);
    expect([reachFrom(null), reachFrom('2y')]).toEqual([DAY, DAY]);
  });
});

it('a moment is chosen to the second, and to a tenth of it where the bar shows seconds', () => {
  expect([DAY, MINUTE, 10_000].map(exactnessOf)).toEqual([1000, 1000, 100]);
});

describe('the window', () => {
  it('keeps the handle where it stands', () => {
    expect(windowAround(12 * HOUR, 0.5, HOUR, day)).toEqual({ from: 11.5 * HOUR, to: 12.5 * HOUR });
    expect(windowAround(12 * HOUR, 0.25, HOUR, day)).toEqual({ from: 11.75 * HOUR, to: 12.75 * HOUR });
  });
  it('ends with the day', () => {
    expect(windowAround(DAY, 1, HOUR, day)).toEqual({ from: 23 * HOUR, to: DAY });
    expect(windowAround(HOUR / 4, 0.5, HOUR, day)).toEqual({ from: 0, to: HOUR });
  });
  it('is the day when it reaches as far', () => {
    expect(windowAround(HOUR, 0.1, DAY, day)).toEqual(day);
  });
  it('rests while the moment is in it and follows a moment that has left', () => {
    const window = { from: 10 * HOUR, to: 11 * HOUR };
    expect(windowWith(10.2 * HOUR, window, day)).toEqual(window);
    expect(windowWith(15 * HOUR, window, day)).toEqual({ from: 14.5 * HOUR, to: 15.5 * HOUR });
  });
});

describe('labels', () => {
  it.each([
    [DAY, 1100, 120],
    [DAY, 260, 360],
    [6 * HOUR, 1100, 30],
    [HOUR, 1100, 5],
    [10 * MINUTE, 1100, 1],
    [MINUTE, 1100, 1 / 6],
    [10_000, 1100, 1 / 60],
    [10_000, 500, 1 / 30],
    [90 * DAY, 1100, 7 * 1440],
    [90 * DAY, 260, 28 * 1440],
  ])('of %i ms in %i px are %i minutes apart', (reach, width, minutes) =>
    expect(labelEvery(reach, width)).toBe(minutes),
  );
});

describe('the window that is asked for', () => {
  it('has what is shown and something beside it, and is never longer than the hub answers', () => {
    for (const reach of REACHES)
      for (const from of [0, 1, MINUTE, 7 * HOUR + 1, 13 * DAY + 5 * HOUR]) {
        const asked = askedWindow({ from, to: from + reach });
        expect(asked.from).toBeLessThanOrEqual(from);
        expect(asked.to).toBeGreaterThanOrEqual(from + reach);
        expect(asked.to - asked.from).toBeLessThanOrEqual(LONGEST_ASKED);
      }
  });
});
