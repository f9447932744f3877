import { describe, expect, it } from 'vitest';
import { LABEL_HEIGHT, placeLabels } from './labels';
import type { Point } from './shapes';

const box = (x: number, y: number): Point[] => [
  [x, y],
  [x + 0.2, y],
  [x + 0.2, y + 0.2],
  [x, y + 0.2],
];

describe('the names of shapes', () => {
  it('stand at the top left of their shapes where nothing is in the way', () => {
    expect(placeLabels([{ name: 'lid', outline: box(0.5, 0.25) }], 400, 300)).toEqual([
      { left: 200, top: 75, width: 35.5 },
    ]);
  });

  it('cover no other name, whatever the shapes are, and stay in the picture', () => {
    const shapes = Array.from({ length: 40 }, (_, i) => ({
      name: `region number ${i}`,
      outline: box((i % 3) * 0.4, ((i * 7) % 10) / 10),
    }));
    const placed = placeLabels(shapes, 360, 270).filter((one) => one !== null);

    expect(placed.length).toBeGreaterThanOrEqual(20);
    placed.forEach((a, i) => {
      expect(a.left >= 0 && a.left + a.width <= 360 && a.top >= 0 && a.top + LABEL_HEIGHT <= 270).toBe(true);
      placed.slice(i + 1).forEach((b) => {
        const apart =
          a.left >= b.left + b.width || b.left >= a.left + a.width || Math.abs(a.top - b.top) >= LABEL_HEIGHT;
        expect(apart).toBe(true);
      });
    });
  });

  it('are left out of what has none, and of a picture that is not there yet', () => {
    expect(placeLabels([{ name: '', outline: box(0, 0) }], 400, 300)).toEqual([null]);
    expect(placeLabels([{ name: 'lid', outline: box(0, 0) }], 0, 0)).toEqual([null]);
  });
});
