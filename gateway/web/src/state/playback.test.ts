import { describe, expect, it } from 'vitest';
import { bucketSeconds, covers, mediaTimeOf, momentOfMedia, motionLevel, playlistUrl } from './playback';

const t0 = Date.parse('2026-01-05T10:00:00Z');
const pieces = [
  { start: 0, duration: 4, at: t0 },
  { start: 4, duration: 4, at: t0 + 4_000 },
  { start: 8, duration: 4, at: t0 + 60_000 }, // 52 s were not recorded
];

describe('one clock for segments with gaps', () => {
  it.each([
    [0, 0],
    [5_000, 5],
    [30_000, 8],
    [62_000, 10],
    [999_000, 11.95],
  ])('+%i ms plays at %d s', (ms, seconds) => expect(mediaTimeOf(t0 + ms, pieces)).toBeCloseTo(seconds));

  it.each([
    [0, 0],
    [5, 5_000],
    [8, 60_000],
    [10, 62_000],
    [99, 64_000],
  ])('%d s of video is +%i ms', (seconds, ms) => expect(momentOfMedia(seconds, pieces)).toBe(t0 + ms));

  it('knows what was recorded', () => {
    expect(covers(t0 + 5_000, pieces)).toBe(true);
    expect(covers(t0 + 30_000, pieces)).toBe(false);
    expect(mediaTimeOf(t0, [])).toBeNull();
  });
});

it('asks for the hour where it is one, else for the range', () => {
  expect(playlistUrl('DEMO', 'yard', t0, t0 + 3_600_000)).toBe('/hls/DEMO/yard/2026-01-05/10.m3u8');
  expect(playlistUrl('DEMO', 'yard', t0 + 1000, t0 + 3_600_000)).toContain('/range.m3u8?from=2026-01-05T10:00:01.000Z');
});

it('counts motion in buckets of at least 5 s and names three levels', () => {
  expect([60, 3600, 86400].map(bucketSeconds)).toEqual([5, 36, 864]);
  expect([0, 1, 2, 4, 5].map(motionLevel)).toEqual([null, 'low', 'medium', 'medium', 'high']);
});
