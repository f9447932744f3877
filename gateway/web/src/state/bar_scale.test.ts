import { expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../format/time';
import { BarScale, steppedEnd } from './bar_scale';

const noon = Date.UTC(2026, 0, 5, 12);
const scale = new BarScale({ from: noon, to: noon + HOUR }, 600);

it('places a moment by its share of the window, and no further than its ends', () => {
  expect([noon - DAY, noon, noon + 15 * MINUTE, noon + HOUR, noon + DAY].map((at) => scale.share(at))).toEqual([
    0, 0, 0.25, 1, 1,
  ]);
  expect(scale.x(noon - 6 * MINUTE)).toBe(-60);
});

it('finds the whole second under a pixel', () => {
  expect(scale.momentAt(150)).toBe(noon + 15 * MINUTE);
  expect(scale.momentAt(150.1)).toBe(noon + 15 * MINUTE + 1000);
  expect([scale.momentAt(-20), scale.momentAt(900)]).toEqual([noon, noon + HOUR]);
  expect(new BarScale({ from: noon, to: noon + 10_000 }, 100, 100).momentAt(12.4)).toBe(noon + 1200);
});

it('knows what is inside, at an edge, and too near to now to be pointed at', () => {
  expect([noon - 1, noon, noon + HOUR, noon + HOUR + 1].map((at) => scale.has(at))).toEqual([false, true, true, false]);
  expect([noon + MINUTE, noon + 2 * MINUTE, noon + 59 * MINUTE].map((at) => scale.isAtEdge(at))).toEqual([
    true,
    false,
    true,
  ]);
  expect(scale.timeOf(4)).toBe(24_000);
  expect([noon - 25_000, noon - 23_000].map((at) => scale.isNow(at, noon))).toEqual([false, true]);
});

it('has a width before it is laid out', () => {
  expect(new BarScale({ from: noon, to: noon + HOUR }, 0).momentAt(1)).toBe(noon + HOUR);
});

it('ends at now or less than a pixel later, and is drawn anew a few times a minute', () => {
  const seconds = Array.from({ length: 3600 }, (_, second) => noon + 1000 * second);
  const ends = (reach: number): number[] => seconds.map((now) => steppedEnd(now, reach));

  for (const reach of [HOUR, DAY, 90 * DAY]) {
    const late = ends(reach).map((end, i) => end - (seconds[i] ?? 0));
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThan(reach / 1440);
  }
  expect(new Set(ends(DAY)).size).toBe(121);
});
