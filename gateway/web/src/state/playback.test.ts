import { describe, expect, it } from 'vitest';
import {
  bucketSeconds,
  covers,
  endOfLost,
  endOfRun,
  holeAt,
  loadedAround,
  mediaTimeOf,
  momentOfMedia,
  motionLevel,
  playableOf,
  playlistUrl,
  recordedAgain,
  recordedIn,
} from './playback';

const t0 = Date.parse('2026-01-05T10:00:00Z');
const pieces = [
  { start: 0, duration: 4, at: t0 },
  { start: 4, duration: 4, at: t0 + 4_200 },
  { start: 8, duration: 4, at: t0 + 60_000 }, // 52 s were not recorded
];

describe('one clock for segments with holes', () => {
  it.each([
    [0, 0],
    [5_200, 5],
    [30_000, 8],
    [62_000, 10],
    [999_000, 11.95],
  ])('+%i ms plays at %d s', (ms, seconds) => expect(mediaTimeOf(t0 + ms, pieces)).toBeCloseTo(seconds));

  it.each([
    [0, 0],
    [5, 5_200],
    [8, 60_000],
    [10, 62_000],
    [99, 64_000],
  ])('%d s of video is +%i ms', (seconds, ms) => expect(momentOfMedia(seconds, pieces)).toBe(t0 + ms));

  it('leaves out what cannot be played', () => {
    const lost = [
      { from: t0 + 1_000, to: t0 + 3_000 },
      { from: t0 + 60_000, to: t0 + 64_000 },
    ];
    expect(playableOf(pieces, lost)).toEqual([
      { start: 0, duration: 1, at: t0 },
      { start: 3, duration: 1, at: t0 + 3_000 },
      { start: 4, duration: 4, at: t0 + 4_200 },
    ]);
  });

  it('knows what was recorded, and where it pauses', () => {
    expect([0, 4_100, 8_100, 30_000, 62_000, 64_000].map((ms) => covers(t0 + ms, pieces))).toEqual([
      true,
      true, // clocks are not that exact
      true,
      false,
      true,
      false,
    ]);
    expect([0, 5_000, 61_000, Infinity].map((ms) => endOfRun(t0 + ms, pieces) - t0)).toEqual([
      8_200, 8_200, 64_000, 64_000,
    ]);
    expect(mediaTimeOf(t0, [])).toBeNull();
  });
});

it('loads the hour of a moment with what is around it, and keeps it while the moment lies in it', () => {
  const minutes = 60_000;
  const loaded = loadedAround(t0 + 20 * minutes, null);
  expect(loaded).toEqual({ from: t0 - 15 * minutes, to: t0 + 75 * minutes });
  expect(loadedAround(t0 + 74 * minutes, loaded)).toBe(loaded);
  expect(loadedAround(t0 + 75 * minutes, loaded).from).toBe(t0 + 45 * minutes);
  expect(playlistUrl('DEMO', 'yard', loaded)).toBe(
    '/hls/DEMO/yard/range.m3u8?from=2026-01-05T09:45:00.000Z&to=2026-01-05T11:15:00.000Z&or_none=true',
  );
});

it('takes as recorded what is in no hole', () => {
  const at = (ms: number): string => new Date(t0 + ms).toISOString();
  const holes = [
    { start: at(0), end: at(10) },
    { start: at(30), end: at(50) },
    { start: at(90), end: at(200) },
  ];
  expect(recordedIn({ from: t0, to: t0 + 100 }, holes)).toEqual([
    { from: t0 + 10, to: t0 + 30 },
    { from: t0 + 50, to: t0 + 90 },
  ]);
  expect(recordedIn({ from: t0, to: t0 + 100 }, [])).toEqual([{ from: t0, to: t0 + 100 }]);
  expect([holeAt(t0 + 40, holes), holeAt(t0 + 50, holes)]).toEqual([holes[1], null]);
});

it('counts motion in buckets of at least 5 s and names three levels', () => {
  expect([60, 3600, 86400].map(bucketSeconds)).toEqual([5, 36, 864]);
  expect([0, 1, 2, 4, 5].map(motionLevel)).toEqual([null, 'low', 'medium', 'medium', 'high']);
});

describe('a run that ends with what cannot be played, and nothing more in what is loaded', () => {
  const at = (seconds: number): string => new Date(t0 + seconds * 1000).toISOString();
  const lost = [
    { from: t0 + 30_000, to: t0 + 40_000 },
    { from: t0 + 20_000, to: t0 + 30_000 },
  ];
  const hole = (start: number, end: number, open = false) => ({ start: at(start), end: at(end), open });
  const goesOn = (from: number, holes: ReturnType<typeof hole>[]): number | null => {
    const next = recordedAgain(t0 + from * 1000, endOfLost(t0 + from * 1000, lost), holes);
    return next === null ? null : (next - t0) / 1000;
  };

  it.each([
    ['just before it', 19.9, [hole(40, 8000)], 8000],
    ['within it', 25, [hole(0, 5), hole(40.3, 8000)], 8000],
    ['a hole that nothing ended yet', 19.9, [hole(40, 8000, true)], null],
    ['no hole behind it: the next hour is only not loaded', 19.9, [], 40],
    ['long before it', 10, [hole(40, 8000)], null],
    ['a video that ends a little before its hole', 99.9, [hole(100, 8000)], 8000],
    ['in a hole', 500, [hole(100, 8000)], 8000],
  ])('%s', (_, from, holes, next) => expect(goesOn(from, holes)).toBe(next));
});
