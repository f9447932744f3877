import { describe, expect, it } from 'vitest';
import type { Shares } from '../api/api';
import { DAY, HOUR } from '../format/time';
import { bucketAt, bucketsOf, lanesFor, sharedWindow, shareStep, shareWord, siteBuckets, totalOf } from './shares';

const conditions = ['no_data', 'unknown', 'ok', 'warning', 'error', 'offline', 'critical'];
const at = (hour: number): string => new Date(Date.UTC(2026, 0, 5, hour)).toISOString();
const shares: Shares = {
  site: 'DEMO',
  step: 'hour',
  conditions,
  edges: [at(10), at(11), at(12)],
  devices: [
    {
      device: 'gate',
      minutes: [
        [0, 0, 45, 15, 0, 0, 0],
        [60, 0, 0, 0, 0, 0, 0],
      ],
      worst: ['blackscreen', null],
    },
    {
      device: 'yard',
      minutes: [
        [0, 6, 48, 0, 0, 6, 0],
        [0, 0, 60, 0, 0, 0, 0],
      ],
      worst: ['offline', null],
    },
  ],
};
const [gate, yard] = shares.devices as [Shares['devices'][number], Shares['devices'][number]];

describe('shares of time', () => {
  it('are those of each bucket of a device', () => {
    expect(bucketsOf(gate, shares)).toEqual([
      {
        from: Date.parse(at(10)),
        to: Date.parse(at(11)),
        worst: 'blackscreen',
        rank: 3,
        ok: 0.75,
        trouble: 0.25,
        unknown: 0,
        none: 0,
      },
      {
        from: Date.parse(at(11)),
        to: Date.parse(at(12)),
        worst: null,
        rank: 0,
        ok: 0,
        trouble: 0,
        unknown: 0,
        none: 1,
      },
    ]);
  });

  it('of a site are the means of its devices, with the type of the worst', () => {
    const [first, second] = siteBuckets(shares);
    expect(first?.worst).toBe('offline');
    expect(first?.trouble).toBeCloseTo(0.175);
    expect([second?.ok, second?.none, second?.worst]).toEqual([0.5, 0.5, null]);
  });

  it('are summed over the whole time', () => {
    const total = totalOf(yard, shares);
    expect([total.ok, total.trouble, total.unknown, total.none, total.worst]).toEqual([
      0.9,
      expect.closeTo(0.05),
      0.05,
      0,
      'offline',
    ]);
  });

  it('are read at a moment', () => {
    const buckets = bucketsOf(gate, shares);
    expect(bucketAt(buckets, Date.parse(at(11)) - 1)?.worst).toBe('blackscreen');
    expect(bucketAt(buckets, Date.parse(at(12)))).toBeNull();
  });

  it('are those of the worst devices, in their order, where there is no room for all', () => {
    const devices = [{ device: 'attic' }, { device: 'gate' }, { device: 'yard' }];
    expect(lanesFor(devices, shares, 3)).toEqual(devices);
    expect(lanesFor(devices, shares, 2)).toEqual([{ device: 'gate' }, { device: 'yard' }]);
    expect(lanesFor(devices, shares, 1)).toEqual([{ device: 'gate' }]);
  });

  it('never call a little nothing, or nearly all everything', () => {
    expect([0, 0.0001, 0.25, 0.9999, 1].map(shareWord)).toEqual(['0 %', '< 0.1 %', '25.0 %', '> 99.9 %', '100 %']);
  });
});

describe('the buckets that are asked for', () => {
  it('are as many as can be seen', () => {
    expect([HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 90 * DAY].map(shareStep)).toEqual([
      'minute',
      'minute',
      'quarter',
      'hour',
      'day',
      'day',
    ]);
  });

  it('stay the same while the window moves within a quarter of an hour', () => {
    const from = Date.parse(at(10));
    const asked = { from, to: from + HOUR };
    expect(sharedWindow({ from: from + 1000, to: from + HOUR - 1000 }, 'minute')).toEqual(asked);
    expect(sharedWindow({ from: from + 60_000, to: from + HOUR - 5000 }, 'minute')).toEqual(asked);
  });
});
