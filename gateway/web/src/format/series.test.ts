import { describe, expect, it } from 'vitest';
import { align, chartRange, idleLimit, indexAt, roiProblem, sensorBox } from './series';

describe('lists over one axis', () => {
  it('joins them and leaves null where one has no value', () => {
    expect(
      align(
        [
          [
            [1000, 1],
            [2000, 2],
          ],
          [[2000, 9]],
        ],
        1000,
      ),
    ).toEqual({
      times: [1, 2],
      columns: [
        [1, 2],
        [null, 9],
      ],
    });
  });

  it('breaks the line where nothing was measured', () => {
    expect(
      align(
        [
          [
            [0, 1],
            [1000, 2],
            [9000, 3],
          ],
        ],
        1000,
      ),
    ).toEqual({ times: [0, 1, 2, 9], columns: [[1, 2, null, 3]] });
  });
});

describe('a region drawn on the picture', () => {
  it.each([
    [
      [0.25, 0],
      [0.75, 0.333],
      [
        [8, 0],
        [24, 8],
      ],
    ],
    [
      [1, 1],
      [0, 0],
      [
        [0, 0],
        [32, 24],
      ],
    ],
    [
      [0.51, 0.51],
      [0.51, 0.51],
      [
        [16, 12],
        [17, 13],
      ],
    ],
    [
      [1, 1],
      [1, 1],
      [
        [31, 23],
        [32, 24],
      ],
    ],
  ] as const)('%j to %j covers %j', (a, b, box) => expect(sensorBox([...a], [...b])).toEqual(box));

  const roi = { name: 'oil', weight: 1, emissivity: 0.95, thresholds: { warning: 75, critical: 85, emergency: 95 } };

  it('is told what is wrong with it', () => {
    expect(roiProblem(roi, [])).toBeNull();
    expect(roiProblem({ ...roi, name: ' ' }, [])).toBe('Give the region a name, then save');
    expect(roiProblem(roi, ['oil'])).toContain('Two regions');
    expect(roiProblem({ ...roi, weight: 0 }, [])).toContain('weight');
    expect(roiProblem({ ...roi, thresholds: { warning: 90, critical: 85, emergency: 95 } }, [])).toContain('rise');
  });
});

describe('a limit above the group of a region', () => {
  const phase = (group: string | null, limit: number | null = 15, enabled = true) => ({
    group,
    limits: { above_group_c: limit },
    enabled,
  });

  it('says where there is nothing to compare the region with', () => {
    const [one, two, off] = [phase('phases'), phase('phases', null), phase('phases', null, false)];
    expect(idleLimit(one, [one, two])).toBeNull();
    expect(idleLimit(two, [two])).toBeNull();
    expect(idleLimit(one, [one, off, phase('bushings')])).toContain('No other region is in the group phases');
    expect(idleLimit(phase(null), [two])).toContain('no group');
  });
});

describe('the time range that charts show', () => {
  const now = Date.parse('2026-01-05T12:00:07Z');
  const hour = 3_600_000;

  it('ends now while the page is live', () => {
    expect(chartRange(null, hour, now)).toEqual({
      from: Date.parse('2026-01-05T11:00:00Z'),
      to: Date.parse('2026-01-05T12:00:00Z'),
    });
  });

  it('holds a moment of the past and some of what came after it', () => {
    expect(chartRange(Date.parse('2026-01-05T09:01:00Z'), hour, now)).toEqual({
      from: Date.parse('2026-01-05T08:22:30Z'),
      to: Date.parse('2026-01-05T09:22:30Z'),
    });
  });

  it('stays where it is while the moment moves a little', () => {
    const at = Date.parse('2026-01-05T09:01:00Z');
    expect(chartRange(at + 60_000, hour, now)).toEqual(chartRange(at, hour, now));
  });

  it('never reaches beyond now, and always holds the moment', () => {
    for (const before of [0, 1000, 60_000, hour]) {
      const { from, to } = chartRange(now - before, hour, now);
      expect(from).toBeLessThanOrEqual(now - before);
      expect(to).toBeGreaterThanOrEqual(now - before);
      expect(to).toBeLessThanOrEqual(Math.ceil(now / 1000) * 1000);
    }
  });
});

describe('the value at a moment', () => {
  it('is the last before it, unless that is too old', () => {
    expect(indexAt([10, 20, 30], 25, 10)).toBe(1);
    expect(indexAt([10, 20, 30], 30, 10)).toBe(2);
    expect(indexAt([10, 20, 30], 45, 10)).toBeNull();
    expect(indexAt([10, 20, 30], 5, 10)).toBeNull();
  });
});
