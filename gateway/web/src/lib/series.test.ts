import { describe, expect, it } from 'vitest';
import { align, roiProblem, sensorBox } from './series';

describe('lists over one axis', () => {
  it('joins them and leaves null where one has no value', () => {
    expect(align([[[1000, 1], [2000, 2]], [[2000, 9]]], 1000)).toEqual({ times: [1, 2], columns: [[1, 2], [null, 9]] });
  });

  it('breaks the line where nothing was measured', () => {
    expect(align([[[0, 1], [1000, 2], [9000, 3]]], 1000)).toEqual({ times: [0, 1, 2, 9], columns: [[1, 2, null, 3]] });
  });
});

describe('a ROI drawn on the picture', () => {
  it.each([
    [[0.25, 0], [0.75, 0.333], [[8, 0], [24, 8]]],
    [[1, 1], [0, 0], [[0, 0], [32, 24]]],
    [[0.51, 0.51], [0.51, 0.51], [[16, 12], [17, 13]]],
    [[1, 1], [1, 1], [[31, 23], [32, 24]]],
  ] as const)('%j to %j covers %j', (a, b, box) => expect(sensorBox([...a], [...b])).toEqual(box));

  const roi = { name: 'oil', weight: 1, emissivity: 0.95, thresholds: { warning: 75, critical: 85, emergency: 95 } };

  it('is told what is wrong with it', () => {
    expect(roiProblem(roi, [])).toBeNull();
    expect(roiProblem({ ...roi, name: ' ' }, [])).toBe('Please enter an ROI name');
    expect(roiProblem(roi, ['oil'])).toContain('already');
    expect(roiProblem({ ...roi, weight: 0 }, [])).toContain('weight');
    expect(roiProblem({ ...roi, thresholds: { warning: 90, critical: 85, emergency: 95 } }, [])).toContain('rise');
  });
});
