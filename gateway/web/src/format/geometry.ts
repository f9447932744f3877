// What an editor knows of shapes over a picture: where they are, by what they are held, and what they become then.

import { THERMAL_FRAME } from '../api/contract.ts';
import { sensorBox } from './series.ts';
import {
  GRIPS,
  MOST_CORNERS,
  draggedBox,
  movedPolygon,
  splitEdge,
  withCorner,
  withoutCorner,
  type Box,
  type Grip,
  type Point,
} from './shapes.ts';

export interface Handle {
  id: string;
  at: Point;
  cursor: string;
  /** What it is for, without the name of the shape. */
  words: string;
  /** Pressing it adds a corner there. */
  adds: boolean;
}

/** All points are in shares of the picture. `handle` is null where all of a shape is held. */
export interface Geometry<S> {
  outline: (shape: S) => Point[];
  /** `width` and `height` of the picture in pixels: where there is no room, some are left out. */
  handles: (shape: S, width: number, height: number) => Handle[];
  dragged: (shape: S, handle: string | null, dx: number, dy: number) => Partial<S>;
  nudged: (shape: S, handle: string | null, way: Point, shift: boolean) => Partial<S>;
  added: (shape: S, handle: string) => Partial<S>;
  /** Without what this handle stands for; null where that is all of the shape. */
  without: (shape: S, handle: string) => Partial<S> | null;
  drawn: (from: Point, to: Point) => Partial<S>;
  /** Others are drawn on top of it: it is not moved. */
  isGround: (shape: S) => boolean;
}

const { columns, rows } = THERMAL_FRAME;
const GRIP_WORDS: Record<Exclude<Grip, 'move'>, string> = {
  nw: 'Top left',
  n: 'Top',
  ne: 'Top right',
  e: 'Right',
  se: 'Bottom right',
  s: 'Bottom',
  sw: 'Bottom left',
  w: 'Left',
};
const CURSORS: Record<string, string> = { nw: 'nwse', se: 'nwse', ne: 'nesw', sw: 'nesw', n: 'ns', s: 'ns' };

/** Rectangles of whole cells of a thermal frame. */
export const BOXES: Geometry<{ coordinates: Box }> = {
  outline: ({ coordinates: [[x1, y1], [x2, y2]] }) => [
    [x1 / columns, y1 / rows],
    [x2 / columns, y1 / rows],
    [x2 / columns, y2 / rows],
    [x1 / columns, y2 / rows],
  ],
  handles: ({ coordinates: [[x1, y1], [x2, y2]] }) =>
    GRIPS.filter((grip) => grip !== 'move').map((grip) => ({
      id: grip,
      at: [
        (grip.includes('w') ? x1 : grip.includes('e') ? x2 : (x1 + x2) / 2) / columns,
        (grip.includes('n') ? y1 : grip.includes('s') ? y2 : (y1 + y2) / 2) / rows,
      ],
      cursor: `${CURSORS[grip] ?? 'ew'}-resize`,
      words: GRIP_WORDS[grip],
      adds: false,
    })),
  dragged: ({ coordinates }, handle, dx, dy) => ({
    coordinates: draggedBox(coordinates, (handle ?? 'move') as Grip, dx * columns, dy * rows),
  }),
  nudged: ({ coordinates }, handle, [dx, dy], shift) => ({
    coordinates: draggedBox(coordinates, (handle ?? (shift ? 'se' : 'move')) as Grip, dx, dy),
  }),
  added: ({ coordinates }) => ({ coordinates }),
  without: () => null,
  drawn: (from, to) => ({ coordinates: sensorBox(from, to) }),
  isGround: ({ coordinates: [[x1, y1], [x2, y2]] }) => x2 - x1 === columns && y2 - y1 === rows,
};

/** Pixels between two corners from which there is room for the dot that adds one. */
const ROOM_PX = 60;
const STEP = 0.01;
const BETWEEN = 'after ';
const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Polygons of the picture of a camera. */
export const POLYGONS: Geometry<{ points: Point[] }> = {
  outline: ({ points }) => points,
  handles: ({ points }, width, height) =>
    points.flatMap(([x, y], i): Handle[] => {
      const [nx, ny] = points[(i + 1) % points.length] ?? [x, y];
      const corner: Handle = {
        id: String(i),
        at: [x, y],
        cursor: 'grab',
        words: `Corner ${i + 1}, at ${percent(x)} and ${percent(y)}`,
        adds: false,
      };
      const hasRoom = Math.hypot((nx - x) * width, (ny - y) * height) > ROOM_PX && points.length < MOST_CORNERS;
      const between: Handle = {
        id: `${BETWEEN}${i}`,
        at: [(x + nx) / 2, (y + ny) / 2],
        cursor: 'copy',
        words: `Add a corner after corner ${i + 1}`,
        adds: true,
      };
      return hasRoom ? [between, corner] : [corner];
    }),
  dragged: ({ points }, handle, dx, dy) => {
    const [x, y] = points[Number(handle)] ?? [0, 0];
    return {
      points: handle === null ? movedPolygon(points, dx, dy) : withCorner(points, Number(handle), [x + dx, y + dy]),
    };
  },
  nudged: ({ points }, handle, [dx, dy], shift) => {
    const [x, y] = points[Number(handle)] ?? [0, 0];
    return {
      points:
        handle === null || shift
          ? movedPolygon(points, dx * STEP, dy * STEP)
          : withCorner(points, Number(handle), [x + dx * STEP, y + dy * STEP]),
    };
  },
  added: ({ points }, handle) => ({ points: splitEdge(points, Number(handle.slice(BETWEEN.length))) }),
  without: ({ points }, handle) => ({ points: withoutCorner(points, Number(handle)) }),
  drawn: ([ax, ay], [bx, by]) => ({
    points: withCorner(
      withCorner(
        [
          [ax, ay],
          [bx, ay],
          [bx, by],
          [ax, by],
        ],
        0,
        [ax, ay],
      ),
      2,
      [bx, by],
    ).map(([x, y]): Point => [Math.max(0, Math.min(1, x)), Math.max(0, Math.min(1, y))]),
  }),
  isGround: () => false,
};

type Region = { coordinates: Box; polygon?: Point[] | null };
const inCells = (points: readonly Point[]): Pick<Region, 'coordinates' | 'polygon'> => {
  const polygon = points.map(([x, y]): Point => [tenth(x * columns), tenth(y * rows)]);
  return { polygon, coordinates: around(polygon) };
};
const tenth = (cells: number): number => Math.round(cells * 10) / 10;

/** The smallest rectangle of whole cells that holds a polygon. */
function around(polygon: readonly Point[]): Box {
  const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)];
  return [
    [Math.floor(Math.min(...xs)), Math.floor(Math.min(...ys))],
    [Math.ceil(Math.max(...xs)), Math.ceil(Math.max(...ys))],
  ];
}

/** As a polygon with the corners of the rectangle, or as the rectangle around the polygon. */
export const reshaped = (region: Region, isPolygon: boolean): Pick<Region, 'coordinates' | 'polygon'> =>
  isPolygon ? inCells(BOXES.outline(region)) : { coordinates: region.coordinates, polygon: null };

const corners = ({ polygon }: Region): { points: Point[] } | null =>
  polygon ? { points: polygon.map(([x, y]): Point => [x / columns, y / rows]) } : null;
const changed = ({ points }: { points?: Point[] }): Partial<Region> => (points ? inCells(points) : {});

/** Rectangles and polygons of a thermal frame. */
export const REGIONS: Geometry<Region> = {
  outline: (region) => corners(region)?.points ?? BOXES.outline(region),
  handles: (region, width, height) => {
    const polygon = corners(region);
    return polygon ? POLYGONS.handles(polygon, width, height) : BOXES.handles(region, width, height);
  },
  dragged: (region, handle, dx, dy) => {
    const polygon = corners(region);
    return polygon ? changed(POLYGONS.dragged(polygon, handle, dx, dy)) : BOXES.dragged(region, handle, dx, dy);
  },
  nudged: (region, handle, way, shift) => {
    const polygon = corners(region);
    return polygon ? changed(POLYGONS.nudged(polygon, handle, way, shift)) : BOXES.nudged(region, handle, way, shift);
  },
  added: (region, handle) => {
    const polygon = corners(region);
    return polygon ? changed(POLYGONS.added(polygon, handle)) : {};
  },
  without: (region, handle) => {
    const rest = POLYGONS.without(corners(region) ?? { points: [] }, handle);
    return region.polygon && rest ? changed(rest) : null;
  },
  drawn: BOXES.drawn,
  isGround: (region) => !region.polygon && BOXES.isGround(region),
};
