import { describe, expect, it } from 'vitest';
import { nearestPast, pastAround, pastTileUrl } from './past_tiles';

const past = {
  site: 'DEMO',
  every_minutes: 10,
  series: [
    { first: 1000, count: 4 },
    { first: 2000, count: 1 },
  ],
};

describe('the picture of a past moment', () => {
  it('is the nearest that is kept', () => {
    expect(nearestPast(past, 1014)).toBe(1010);
    expect(nearestPast(past, 1016)).toBe(1020);
    expect(nearestPast(past, 990)).toBe(1000);
    expect(nearestPast(past, 1060)).toBe(1030);
    expect(nearestPast(past, 2010)).toBe(2000);
  });

  it('is none where the nearest is of another hour, or where nothing is kept', () => {
    expect(nearestPast(past, 1500)).toBeNull();
    expect(nearestPast({ ...past, series: [] }, 1000)).toBeNull();
    expect(nearestPast({ ...past, every_minutes: 240 }, 900)).toBe(1000);
  });

  it('comes with those beside it, each once', () => {
    expect(pastAround(past, 1010)).toEqual([1010, 1020, 1000]);
    expect(pastAround(past, 1000)).toEqual([1000, 1010]);
    expect(pastAround(past, 5000)).toEqual([]);
  });

  it('has an address of its own', () => {
    expect(pastTileUrl('A B', 1010)).toBe('/heatmaps/A%20B/past/1010.jpg');
  });
});
