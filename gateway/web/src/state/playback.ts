// Between the time of a video element and the time of the day: segments say when they were recorded.

import type { Hole } from '../api/api.ts';
import { HOUR, MINUTE } from '../format/time.ts';
import type { Window } from './zoom.ts';

export interface Piece {
  /** Seconds on the video element's own axis. */
  start: number;
  duration: number;
  /** Milliseconds of the epoch at which the piece begins. */
  at: number;
}

const endOf = (piece: Piece): number => piece.at + piece.duration * 1000;
/** Clocks of cameras are not exact; a longer pause between two pieces is a hole. */
const SAME_MS = 1000;

export function mediaTimeOf(at: number, pieces: readonly Piece[]): number | null {
  for (const piece of pieces) {
    if (at < piece.at) return piece.start; // in a hole: the next that exists
    if (at < endOf(piece)) return piece.start + (at - piece.at) / 1000;
  }
  const last = pieces.at(-1);
  return last ? last.start + Math.max(0, last.duration - 0.05) : null;
}

export function momentOfMedia(seconds: number, pieces: readonly Piece[]): number | null {
  let found: Piece | null = null;
  for (const piece of pieces) if (piece.start <= seconds + 1e-3) found = piece;
  found ??= pieces[0] ?? null;
  return found ? found.at + Math.min(Math.max(0, seconds - found.start), found.duration) * 1000 : null;
}

/** The pieces without the times that cannot be played, which are in milliseconds of the epoch. */
export function playableOf(pieces: readonly Piece[], lost: readonly Window[]): Piece[] {
  return lost.reduce<Piece[]>((kept, { from, to }) => kept.flatMap((piece) => without(piece, from, to)), [...pieces]);
}

function without(piece: Piece, from: number, to: number): Piece[] {
  const end = endOf(piece);
  if (to <= piece.at || from >= end) return [piece];
  const before = { ...piece, duration: (from - piece.at) / 1000 };
  const after = { start: piece.start + (to - piece.at) / 1000, duration: (end - to) / 1000, at: to };
  return [before, after].filter((one) => one.duration > 0);
}

/** Whether a moment was recorded; a pause that is no hole counts as recorded. */
export function covers(at: number, pieces: readonly Piece[]): boolean {
  return pieces.some((piece, i) => {
    const next = pieces[i + 1];
    const end = endOf(piece);
    return piece.at <= at && at < (next && next.at - end <= SAME_MS ? Math.max(end, next.at) : end);
  });
}

/** The end of the run without a hole in which a moment lies; of a moment after all of them, the end of the last. */
export function endOfRun(at: number, pieces: readonly Piece[]): number {
  let end = -Infinity;
  for (const piece of pieces) {
    if (end > at && piece.at - end > SAME_MS) break;
    end = Math.max(end, endOf(piece));
  }
  return end;
}

export function playlistUrl(site: string, device: string, { from, to }: Window): string {
  const base = `/hls/${encodeURIComponent(site)}/${encodeURIComponent(device)}`;
  return `${base}/range.m3u8?from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}&or_none=true`;
}

/** Videos are loaded by the hour, with what lies around it, so that few moments at its ends need another list. */
const AROUND = 15 * MINUTE;

/** The part of the day that is loaded for a moment: what is loaded already, while the moment lies in it. */
export function loadedAround(at: number, loaded: Window | null): Window {
  if (loaded && at >= loaded.from && at < loaded.to) return loaded;
  const hour = Math.floor(at / HOUR) * HOUR;
  return { from: hour - AROUND, to: hour + HOUR + AROUND };
}

/** What was recorded between two moments: all that is in no hole. */
export function recordedIn({ from, to }: Window, holes: readonly Pick<Hole, 'start' | 'end'>[]): Window[] {
  const found: Window[] = [];
  let reached = from;
  for (const hole of holes) {
    const start = Date.parse(hole.start);
    if (start > reached) found.push({ from: reached, to: Math.min(start, to) });
    reached = Math.max(reached, Date.parse(hole.end));
  }
  if (reached < to) found.push({ from: reached, to });
  return found;
}

export function holeAt<H extends Pick<Hole, 'start' | 'end'>>(at: number, holes: readonly H[]): H | null {
  return holes.find((hole) => Date.parse(hole.start) <= at && at < Date.parse(hole.end)) ?? null;
}

/** So near to a moment a part begins that cannot be played, for it to be met there. */
const LOST_NEAR_MS = 2000;

/** The end of the part that cannot be played and is met at a moment; that moment where there is none. */
export function endOfLost(at: number, lost: readonly Window[]): number {
  const inOrder = lost.toSorted((one, other) => one.from - other.from);
  return inOrder.reduce((end, { from, to }) => (from - LOST_NEAR_MS <= end ? Math.max(end, to) : end), at);
}

/** Where a device recorded again, by its holes alone: of one whose video cannot be played from `at` to `playableFrom`,
 * which is the same where nothing is lost. Null where it still has not, or nobody knows of a hole. */
export function recordedAgain(
  at: number,
  playableFrom: number,
  holes: readonly Pick<Hole, 'start' | 'end' | 'open'>[],
): number | null {
  // A video ends a little before the hole that follows it.
  const hole = holes.find(
    ({ start, end }) => Date.parse(start) - SAME_MS <= playableFrom && playableFrom < Date.parse(end),
  );
  if (hole) return hole.open ? null : Date.parse(hole.end);
  return playableFrom > at ? playableFrom : null;
}

export function bucketSeconds(rangeSeconds: number): number {
  return Math.max(5, Math.ceil(rangeSeconds / 100));
}

export type MotionLevel = 'low' | 'medium' | 'high';

export function motionLevel(events: number): MotionLevel | null {
  if (events <= 0) return null;
  return events === 1 ? 'low' : events < 5 ? 'medium' : 'high';
}
