import { describe, expect, it } from 'vitest';
import { BOXES, POLYGONS, REGIONS, reshaped } from './geometry';
import type { Box, Point } from './shapes';

const lid = {
  coordinates: [
    [8, 6],
    [16, 12],
  ] as Box,
};
const ramp = {
  points: [
    [0.2, 0.2],
    [0.6, 0.2],
    [0.6, 0.6],
  ] as Point[],
};

describe('rectangles of a thermal frame', () => {
  it('are held by their corners and edges', () => {
    const grips = Object.fromEntries(BOXES.handles(lid, 640, 480).map(({ id, at }) => [id, at]));

    expect(grips).toMatchObject({ nw: [0.25, 0.25], se: [0.5, 0.5], n: [0.375, 0.25], w: [0.25, 0.375] });
    expect(BOXES.dragged(lid, 'se', 1 / 32, 2 / 24)).toEqual({
      coordinates: [
        [8, 6],
        [17, 14],
      ],
    });
  });

  it('are moved by the arrow keys, and resized with Shift', () => {
    expect([BOXES.nudged(lid, null, [1, 0], false), BOXES.nudged(lid, null, [1, 0], true)]).toEqual([
      {
        coordinates: [
          [9, 6],
          [17, 12],
        ],
      },
      {
        coordinates: [
          [8, 6],
          [17, 12],
        ],
      },
    ]);
  });

  it('are drawn from corner to corner, in whole cells', () => {
    expect(BOXES.drawn([0.5, 0.5], [0.26, 0.26])).toEqual(BOXES.dragged(lid, 'move', 0, 0.0001));
    expect([
      BOXES.isGround(lid),
      BOXES.isGround({
        coordinates: [
          [0, 0],
          [32, 24],
        ],
      }),
    ]).toEqual([false, true]);
  });
});

describe('polygons of a picture', () => {
  it('have a handle at each corner, and between two that are far enough apart', () => {
    expect(POLYGONS.handles(ramp, 1000, 1000).map(({ words }) => words)).toContain('Add a corner after corner 2');
    expect(POLYGONS.handles(ramp, 100, 100).map(({ id }) => id)).toEqual(['0', '1', '2']);
  });

  it('get and lose corners, and are moved as a whole', () => {
    expect(POLYGONS.added(ramp, 'after 0').points).toHaveLength(4);
    expect(POLYGONS.without({ points: [...ramp.points, [0.2, 0.6]] }, '3')).toEqual(ramp);
    expect(POLYGONS.dragged(ramp, null, 0.1, 0)).toEqual({
      points: [
        [0.3, 0.2],
        [0.7, 0.2],
        [0.7, 0.6],
      ],
    });
    expect(POLYGONS.dragged(ramp, '1', 0.1, 0.1).points?.[1]).toEqual([0.7, 0.3]);
    expect(POLYGONS.nudged(ramp, '1', [1, 0], false).points?.[1]).toEqual([0.61, 0.2]);
  });

  it('are drawn from corner to corner, within the picture', () => {
    expect(POLYGONS.drawn([0.25, 0.5], [1.5, -1]).points).toEqual([
      [0.25, 0.5],
      [1, 0.5],
      [1, 0],
      [0.25, 0],
    ]);
  });
});

describe('regions of a thermal frame', () => {
  const bushing = {
    coordinates: [
      [8, 6],
      [16, 12],
    ] as Box,
    polygon: [
      [8, 6],
      [16, 6],
      [16, 12],
    ] as Point[],
  };

  it('are rectangles as before where they have no polygon', () => {
    const plain = { ...lid, polygon: null };

    expect(REGIONS.handles(plain, 640, 480)).toEqual(BOXES.handles(lid, 640, 480));
    expect(REGIONS.dragged(plain, 'se', 1 / 32, 2 / 24)).toEqual(BOXES.dragged(lid, 'se', 1 / 32, 2 / 24));
    expect(REGIONS.nudged(plain, null, [1, 0], true)).toEqual(BOXES.nudged(lid, null, [1, 0], true));
    expect([REGIONS.added(plain, 'se'), REGIONS.without(plain, 'se')]).toEqual([{}, null]);
  });

  it('take the form of a polygon with the corners of the rectangle, and back', () => {
    const polygon = reshaped({ ...lid, polygon: null }, true);

    expect(polygon).toEqual({
      ...lid,
      polygon: [
        [8, 6],
        [16, 6],
        [16, 12],
        [8, 12],
      ],
    });
    expect(reshaped({ ...lid, ...polygon }, false)).toEqual({ ...lid, polygon: null });
  });

  it('have a rectangle of whole cells around the polygon, wherever a corner goes', () => {
    expect(REGIONS.dragged(bushing, '1', 1.26 / 32, -0.5 / 24)).toEqual({
      coordinates: [
        [8, 5],
        [18, 12],
      ],
      polygon: [
        [8, 6],
        [17.2, 5.5],
        [16, 12],
      ],
    });
    expect(REGIONS.dragged(bushing, null, 1, 0)).toMatchObject({
      coordinates: [
        [24, 6],
        [32, 12],
      ],
    });
  });

  it('get a corner more, and lose one while there are more than three', () => {
    const more = { ...bushing, ...REGIONS.added(bushing, 'after 0') };

    expect(more.polygon).toEqual([
      [8, 6],
      [12, 6],
      [16, 6],
      [16, 12],
    ]);
    expect(REGIONS.without(more, '1')).toEqual(bushing);
    expect(REGIONS.without(bushing, '1')).toEqual(bushing);
  });
});
