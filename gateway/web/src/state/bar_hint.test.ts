import { expect, it } from 'vitest';
import type { Device } from '../api/api';
import { laneHint, shareHint, siteHint, type HintedLane } from './bar_hint';

const at = Date.UTC(2026, 0, 5, 12);
const around = { now: at + 60_000, zone: 'UTC' };
const yard = { device: 'yard', name: 'Yard' } as Device;
const iso = (ms: number): string => new Date(ms).toISOString();

it('names three incidents of a site and counts the others', () => {
  const incidents = ['Yard: no sound', 'Gate: offline', 'Dock: hot spot', 'Hall: offline'];

  expect(siteHint(at, 'incident', incidents, null, false).text).toBe(
    'Yard: no sound\nGate: offline\nDock: hot spot\n+1',
  );
  expect(siteHint(at, 'incident', incidents.slice(0, 3), null, false).text).not.toContain('+');
});

it('says the cause of a hole where it is known, and else how the minute was', () => {
  expect(siteHint(at, 'no_data', [], 'outbox full', false).text).toBe('outbox full');
  expect(siteHint(at, 'no_data', [], null, false).text).toBe('No data');
  expect(siteHint(at, 'unknown', [], null, false).text).toBe('Unknown');
  expect(siteHint(at, 'unknown', [], null, true).text).toBe('No incident known');
});

it('says of a lane its hole, its motion, and whose it is where there are several', () => {
  const lane = {
    holes: [{ start: iso(at - 1000), end: iso(at + 1000), cause: 'camera_off', data: {}, since: null }],
    motion: [
      { time: iso(at - 60_000), events: 9 },
      { time: iso(at), events: 2 },
    ],
    bucketMs: 60_000,
  } as unknown as HintedLane;

  expect(laneHint(at, yard, false, lane, [], around).facts).toEqual(['Yard', 'Camera off', '2 motion events']);
  expect(laneHint(at, yard, true, lane, [], around).facts).toEqual(['Camera off', '2 motion events']);
  expect(laneHint(at, yard, true, null, ['a', 'b', 'c'], around)).toEqual({
    at,
    state: 'incident',
    device: yard,
    facts: [],
    text: 'a\nb',
  });
});

it('says of a bucket of time which share of it was how', () => {
  const bucket = {
    from: at,
    to: at + 3_600_000,
    worst: 'freeze',
    rank: 3,
    ok: 0.65,
    trouble: 0.25,
    unknown: 0,
    none: 0.1,
  };

  expect(shareHint(at, 'Yard', bucket)).toEqual({
    at,
    state: 'incident',
    device: null,
    facts: ['Yard'],
    text: 'Picture frozen 25.0 %\nNo data 10.0 %',
  });
  expect(shareHint(at, '', { ...bucket, ok: 1, trouble: 0, none: 0 }).text).toBe('No incident');
  expect(shareHint(at, '', null).text).toBe('No data');
});
