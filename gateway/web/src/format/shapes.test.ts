import { describe, expect, it } from 'vitest';
import {
  MOST_CORNERS,
  arrowOf,
  draggedBox,
  movedPolygon,
  splitEdge,
  withCorner,
  withoutCorner,
  type Box,
  type Point,
} from './shapes';

const box: Box = [
  [8, 8],
  [16, 16],
];
const square: Point[] = [
  [0.2, 0.2],
  [0.6, 0.2],
  [0.6, 0.6],
  [0.2, 0.6],
];

describe('a region', () => {
  it.each([
    [
      'move',
      3,
      -2,
      [
        [11, 6],
        [19, 14],
      ],
    ],
    [
      'move',
      -99,
      99,
      [
        [0, 16],
        [8, 24],
      ],
    ],
    [
      'e',
      4,
      9,
      [
        [8, 8],
        [20, 16],
      ],
    ],
    [
      'nw',
      -2,
      -3,
      [
        [6, 5],
        [16, 16],
      ],
    ],
    [
      'w',
      99,
      0,
      [
        [15, 8],
        [16, 16],
      ],
    ],
    [
      's',
      0,
      -99,
      [
        [8, 8],
        [16, 9],
      ],
    ],
    [
      'se',
      99,
      99,
      [
        [8, 8],
        [32, 24],
      ],
    ],
  ] as const)('held at %s goes by %d and %d', (grip, dx, dy, expected) => {
    expect(draggedBox(box, grip, dx, dy)).toEqual(expected);
  });
});

describe('a zone', () => {
  it('moves as a whole, as far as the picture goes', () => {
    expect(movedPolygon(square, 0.1, -0.1)).toEqual([
      [0.3, 0.1],
      [0.7, 0.1],
      [0.7, 0.5],
      [0.3, 0.5],
    ]);
    expect(movedPolygon(square, 9, 0)[1]).toEqual([1, 0.2]);
  });

  it('takes a corner to where it is put, within the picture', () => {
    expect(withCorner(square, 0, [0.05, -1])[0]).toEqual([0.05, 0]);
  });

  it('gets a corner in the middle of an edge, also of the last one', () => {
    expect(splitEdge(square, 0)[1]).toEqual([0.4, 0.2]);
    expect(splitEdge(square, 3)[4]).toEqual([0.2, 0.4]);
    const many = Array.from({ length: MOST_CORNERS }, (_, i): Point => [i / 100, 0]);
    expect(splitEdge(many, 0)).toHaveLength(MOST_CORNERS);
  });

  it('keeps three corners', () => {
    expect(withoutCorner(square, 1)).toHaveLength(3);
    expect(withoutCorner(square.slice(0, 3), 1)).toHaveLength(3);
  });
});

it('knows which way an arrow goes', () => {
  expect(arrowOf('ArrowUp')).toEqual([0, -1]);
  expect(arrowOf('x')).toBeNull();
});
