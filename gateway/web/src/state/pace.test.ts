import { describe, expect, it } from 'vitest';
import { PICTURES_PER_S, SMALL_SCREEN_BYTES_PER_S, pauseOf, widthToAsk } from './pace';

describe('how often a tile asks for its picture', () => {
  it('is as often as wanted while few are watched', () => {
    expect(pauseOf(1000, 4, 9000, 0)).toBe(1000);
  });

  it.each([25, 50, 200])('leaves the page at the same number of requests with %d tiles on screen', (watching) => {
    const pause = pauseOf(1000, watching, 9000, 0);
    expect((watching * 1000) / pause).toBeLessThanOrEqual(PICTURES_PER_S);
  });

  it.each([
    [4, 3000],
    [4, 40_000],
    [1, 200_000],
  ])('costs a phone less than 60 MB an hour with %d tiles of %d bytes', (watching, bytes) => {
    const pause = pauseOf(1000, watching, bytes, SMALL_SCREEN_BYTES_PER_S);
    expect((watching * bytes * 3_600_000) / pause).toBeLessThan(60e6);
  });
});

describe('the width of a picture that is asked for', () => {
  it('is what is shown, in steps', () => {
    expect(widthToAsk(350, 1, false)).toBe(400);
    expect(widthToAsk(360, 1, false)).toBe(400);
    expect(widthToAsk(350, 2, false)).toBe(720);
  });

  it('never grows beyond what a phone needs', () => {
    expect(widthToAsk(366, 3, true)).toBe(320);
    expect(widthToAsk(100, 1, true)).toBe(160);
  });

  it('is something even where nothing is laid out yet', () => {
    expect(widthToAsk(0, 1, false)).toBe(80);
  });
});
