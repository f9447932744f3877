// The lanes above the time bar: how high they are, and the rectangles that are drawn in one.

import type { Tone } from '../format/words.ts';
import { motionLevel, type MotionLevel } from './playback.ts';
import type { BarScale } from './bar_scale.ts';

const ALONE_PX = 26;
const ROW_PX = 15;
const ROOM_PX = 4;
const RECORDED_PX = 4;
/** Narrower would not be seen. */
const NARROWEST = { recorded: 0.5, other: 0.8 };
/** Of the room above what was recorded. */
const HEIGHTS: Record<MotionLevel, number> = { low: 0.35, medium: 0.6, high: 0.9 };

export const rowHeight = (devices: number): number => (devices > 1 ? ROW_PX : ALONE_PX);
export const heightOf = (devices: number): number => (devices ? devices * rowHeight(devices) + ROOM_PX : 0);

/** Which of so many lanes is `y` pixels below the upper edge; the nearest one outside of them. */
export const rowAt = (y: number, devices: number): number =>
  Math.max(0, Math.min(devices - 1, Math.floor(y / rowHeight(devices))));

interface Part {
  from: number;
  to: number;
}

export interface LaneContent {
  recorded: readonly Part[];
  holes: readonly (Part & { tone: Tone })[];
  motion: readonly { time: string; events: number }[];
  bucketMs: number;
}

export interface LaneShape {
  key: string;
  look: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** From back to front. */
export function laneShapes(scale: BarScale, height: number, content: LaneContent): LaneShape[] {
  const base = height - RECORDED_PX;
  const across = ({ from, to }: Part, least: number): { x: number; width: number } => ({
    x: scale.x(from),
    width: Math.max(least, scale.x(to) - scale.x(from)),
  });
  const recorded = content.recorded.map((part) => ({
    key: `recorded ${part.from}`,
    look: 'recorded',
    ...across(part, NARROWEST.recorded),
    y: base,
    height: RECORDED_PX,
  }));
  const holes = content.holes.map((hole) => ({
    key: `hole ${hole.from}`,
    look: `hole ${hole.tone}`,
    ...across(hole, NARROWEST.other),
    y: hole.tone === 'quiet' ? base + 1.5 : base,
    height: hole.tone === 'quiet' ? 1 : RECORDED_PX,
  }));
  const motion = content.motion.flatMap(({ time, events }): LaneShape[] => {
    const level = motionLevel(events);
    const from = Date.parse(time);
    if (!level) return [];
    const tall = HEIGHTS[level] * (base - 1);
    return [
      {
        key: `motion ${from}`,
        look: `motion ${level}`,
        ...across({ from, to: from + content.bucketMs * 0.9 }, NARROWEST.other),
        y: base - 1 - tall,
        height: tall,
      },
    ];
  });
  return [...recorded, ...holes, ...motion];
}
