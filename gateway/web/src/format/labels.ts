// Where the names of shapes stand over a picture, so that none covers another.

import type { Point } from './shapes';

export const LABEL_HEIGHT = 18;
const LETTER_PX = 6.5;
const MARGIN_PX = 16;

export interface Label {
  left: number;
  top: number;
  width: number;
}

const touches = (a: Label, b: Label): boolean =>
  a.left < b.left + b.width &&
  b.left < a.left + a.width &&
  a.top < b.top + LABEL_HEIGHT &&
  b.top < a.top + LABEL_HEIGHT;

/** In pixels: at the top left of each shape, or the nearest line below or above that is free there. What finds no room
 * has no label. */
export function placeLabels(
  shapes: readonly { name: string; outline: readonly Point[] }[],
  width: number,
  height: number,
): (Label | null)[] {
  const taken: Label[] = [];
  return shapes.map(({ name, outline }) => {
    if (!name || width <= 0 || height < LABEL_HEIGHT) return null;
    const wide = Math.min(width / 2, name.length * LETTER_PX + MARGIN_PX);
    const left = Math.max(0, Math.min(width - wide, Math.min(...outline.map(([x]) => x)) * width));
    const wanted = Math.max(0, Math.min(height - LABEL_HEIGHT, Math.min(...outline.map(([, y]) => y)) * height));
    const lines = Math.ceil(height / LABEL_HEIGHT);
    const steps = Array.from({ length: lines }, (_, i) => i + 1).flatMap((i) => [i, -i]);
    for (const step of [0, ...steps]) {
      const label = { left, top: wanted + step * LABEL_HEIGHT, width: wide };
      if (label.top < 0 || label.top + LABEL_HEIGHT > height || taken.some((other) => touches(label, other))) continue;
      taken.push(label);
      return label;
    }
    return null;
  });
}
