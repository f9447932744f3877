// The mosaics of past days: one in some minutes stays, and that nearest to a moment is shown.

import type { PastTiles } from '../api/api.ts';

/** Farther away than this a picture says nothing of the moment. */
const WITHIN_MINUTES = 60;

/** The minute of the picture nearest to a minute; of two that are as near the later one. */
export function nearestPast({ series, every_minutes }: PastTiles, minute: number): number | null {
  let best: number | null = null;
  for (const { first, count } of series) {
    const index = Math.max(0, Math.min(count - 1, Math.round((minute - first) / every_minutes)));
    const found = first + index * every_minutes;
    if (best === null || Math.abs(found - minute) <= Math.abs(best - minute)) best = found;
  }
  return best !== null && Math.abs(best - minute) <= Math.max(WITHIN_MINUTES, every_minutes) ? best : null;
}

export const pastTileUrl = (site: string, minute: number): string =>
  `/heatmaps/${encodeURIComponent(site)}/past/${minute}.jpg`;

/** The picture, and those beside it before they are asked for. */
export function pastAround(past: PastTiles, minute: number): number[] {
  const beside = [0, 1, -1].map((step) => nearestPast(past, minute + step * past.every_minutes));
  return [...new Set(beside.filter((one) => one !== null))];
}
