// Where moments stand on a bar that shows a window of time.

import { DAY } from '../format/time.ts';
import type { Window } from './zoom.ts';

/** So near an edge, as a share of the bar, the handle wants to go on. */
const EDGE = 0.02;
/** So many pixels before the end are now. */
const NOW_PX = 4;

/** A bar is drawn as exactly as if it were so wide. */
const SHARP_PX = 1440;

/** The end of a bar that ends now. It goes on by half a pixel at once: with it, all that stands there is drawn anew. */
export function steppedEnd(now: number, reach: number): number {
  const step = Math.max(1000, Math.min(reach, DAY) / (2 * SHARP_PX));
  return Math.ceil(now / step) * step;
}

export class BarScale {
  readonly shown: Window;
  readonly width: number;
  readonly span: number;
  /** What is pointed at is a multiple of so many milliseconds. */
  readonly exactness: number;

  constructor(shown: Window, width: number, exactness = 1000) {
    this.shown = shown;
    this.exactness = exactness;
    this.width = Math.max(1, width);
    this.span = shown.to - shown.from;
  }

  /** From 0 at the beginning to 1 at the end, and no further. */
  share(ms: number): number {
    return Math.max(0, Math.min(1, this.x(ms) / this.width));
  }

  /** In pixels from the beginning, also where that is outside. */
  x(ms: number): number {
    return ((ms - this.shown.from) / this.span) * this.width;
  }

  /** The moment that stands so many pixels from the beginning. */
  momentAt(x: number): number {
    const part = Math.max(0, Math.min(1, x / this.width));
    return Math.round((this.shown.from + part * this.span) / this.exactness) * this.exactness;
  }

  /** How much time so many pixels are. */
  timeOf(pixels: number): number {
    return (this.span / this.width) * pixels;
  }

  has(ms: number): boolean {
    return ms >= this.shown.from && ms <= this.shown.to;
  }

  isAtEdge(ms: number): boolean {
    const share = this.share(ms);
    return share < EDGE || share > 1 - EDGE;
  }

  /** Whether a moment stands so near to now that nobody could point between them. */
  isNow(ms: number, now: number): boolean {
    return ms > now - this.timeOf(NOW_PX);
  }
}
