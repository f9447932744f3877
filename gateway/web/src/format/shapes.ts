// Rectangles of sensor cells and polygons of a picture, moved and changed with a pointer or with the arrow keys.

import { THERMAL_FRAME } from '../api/contract.ts';

export type Box = [[number, number], [number, number]];
export type Point = [number, number];
/** What of a rectangle is held: all of it, or the edges that these letters name. */
export type Grip = 'move' | 'nw' | 'n' | 'ne' | 'e' | 'se' | 's' | 'sw' | 'w';
export const GRIPS: readonly Grip[] = ['nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w'];
export const MOST_CORNERS = 32;

const between = (low: number, value: number, high: number): number => Math.max(low, Math.min(high, value));

/** The rectangle after its grip went by so many cells; it keeps an area, and stays within the frame. */
export function draggedBox(
  [[x1, y1], [x2, y2]]: Box,
  grip: Grip,
  dx: number,
  dy: number,
  width: number = THERMAL_FRAME.columns,
  height: number = THERMAL_FRAME.rows,
): Box {
  const [right, down] = [Math.round(dx), Math.round(dy)];
  if (grip === 'move') {
    const [mx, my] = [between(-x1, right, width - x2), between(-y1, down, height - y2)];
    return [
      [x1 + mx, y1 + my],
      [x2 + mx, y2 + my],
    ];
  }
  return [
    [grip.includes('w') ? between(0, x1 + right, x2 - 1) : x1, grip.includes('n') ? between(0, y1 + down, y2 - 1) : y1],
    [
      grip.includes('e') ? between(x1 + 1, x2 + right, width) : x2,
      grip.includes('s') ? between(y1 + 1, y2 + down, height) : y2,
    ],
  ];
}

const rounded = (share: number): number => Math.round(between(0, share, 1) * 1000) / 1000;

/** One corner elsewhere. */
export const withCorner = (points: readonly Point[], index: number, [x, y]: Point): Point[] =>
  points.map((point, i) => (i === index ? [rounded(x), rounded(y)] : point));

/** The whole polygon elsewhere, as far as the picture goes. */
export function movedPolygon(points: readonly Point[], dx: number, dy: number): Point[] {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const mx = between(-Math.min(...xs), dx, 1 - Math.max(...xs));
  const my = between(-Math.min(...ys), dy, 1 - Math.max(...ys));
  return points.map(([x, y]) => [rounded(x + mx), rounded(y + my)]);
}

/** A corner more, in the middle of the edge that begins at `index`. */
export function splitEdge(points: readonly Point[], index: number): Point[] {
  const [a, b] = [points[index], points[(index + 1) % points.length]];
  if (!a || !b || points.length >= MOST_CORNERS) return [...points];
  return [
    ...points.slice(0, index + 1),
    [rounded((a[0] + b[0]) / 2), rounded((a[1] + b[1]) / 2)],
    ...points.slice(index + 1),
  ];
}

export const withoutCorner = (points: readonly Point[], index: number): Point[] =>
  points.length > 3 ? points.filter((_, i) => i !== index) : [...points];

const ARROWS: Record<string, Point> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** Which way an arrow key goes. */
export const arrowOf = (key: string): Point | null => ARROWS[key] ?? null;
