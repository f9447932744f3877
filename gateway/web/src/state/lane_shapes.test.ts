import { expect, it } from 'vitest';
import { HOUR, MINUTE } from '../format/time';
import { BarScale } from './bar_scale';
import { heightOf, laneShapes, rowAt, type LaneContent } from './lane_shapes';

const noon = Date.UTC(2026, 0, 5, 12);
const scale = new BarScale({ from: noon, to: noon + HOUR }, 600);
const nothing: LaneContent = { recorded: [], holes: [], motion: [], bucketMs: MINUTE };
const part = (from: number, minutes: number) => ({ from: noon + from * MINUTE, to: noon + (from + minutes) * MINUTE });

it('gives one lane more room than each of several', () => {
  expect([0, 1, 2, 9].map(heightOf)).toEqual([0, 30, 34, 139]);
});

it('finds the lane under a pointer, the nearest one above and below them', () => {
  expect([-5, 0, 14, 15, 29, 500].map((y) => rowAt(y, 2))).toEqual([0, 0, 0, 1, 1, 1]);
  expect(rowAt(20, 1)).toBe(0);
  expect(rowAt(3, 0)).toBe(0);
});

it('draws what was recorded at the foot of the lane, and holes in its place', () => {
  const holes = [
    { ...part(30, 6), tone: 'warn' as const },
    { ...part(40, 6), tone: 'quiet' as const },
  ];
  const shapes = laneShapes(scale, 20, { ...nothing, recorded: [part(0, 30)], holes });

  expect(shapes.map(({ look, x, y, width, height }) => [look, x, y, Math.round(width), height])).toEqual([
    ['recorded', 0, 16, 300, 4],
    ['hole warn', 300, 16, 60, 4],
    ['hole quiet', 400, 17.5, 60, 1],
  ]);
});

it('keeps what is shorter than can be seen wide enough to be seen', () => {
  const shapes = laneShapes(scale, 20, {
    ...nothing,
    recorded: [part(0, 0.001)],
    holes: [{ ...part(1, 0.001), tone: 'warn' }],
  });

  expect(shapes.map((shape) => shape.width)).toEqual([0.5, 0.8]);
});

it('draws motion higher the more there was, and none where nothing moved', () => {
  const motion = [0, 1, 3, 9].map((events, i) => ({ time: new Date(noon + i * 10 * MINUTE).toISOString(), events }));
  const shapes = laneShapes(scale, 25, { ...nothing, motion, bucketMs: 10 * MINUTE });

  expect(shapes.map(({ look, x, width }) => [look, x, width])).toEqual([
    ['motion low', 100, 90],
    ['motion medium', 200, 90],
    ['motion high', 300, 90],
  ]);
  expect(shapes.map((shape) => shape.height)).toEqual([7, 12, 18]);
  expect(shapes.every((shape) => shape.y + shape.height === 20)).toBe(true);
});
