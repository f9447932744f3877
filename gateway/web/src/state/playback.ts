// Between the time of a video element and the time of the day: segments say when they were recorded.

export interface Piece {
  /** Seconds on the video element's own axis. */
  start: number;
  duration: number;
  /** Milliseconds of the epoch at which the piece begins. */
  at: number;
}

export function mediaTimeOf(at: number, pieces: readonly Piece[]): number | null {
  for (const piece of pieces) {
    if (at < piece.at) return piece.start; // in a gap: the next that exists
    if (at < piece.at + piece.duration * 1000) return piece.start + (at - piece.at) / 1000;
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

export function covers(at: number, pieces: readonly Piece[]): boolean {
  return pieces.some((piece) => piece.at <= at && at < piece.at + piece.duration * 1000);
}

/** A whole UTC hour has its own playlist, which grows while the hour is open; anything else is a range. */
export function playlistUrl(site: string, device: string, from: number, to: number): string {
  const base = `/hls/${encodeURIComponent(site)}/${encodeURIComponent(device)}`;
  const start = new Date(from).toISOString();
  if (from % 3_600_000 === 0 && to - from === 3_600_000)
    return `${base}/${start.slice(0, 10)}/${start.slice(11, 13)}.m3u8`;
  return `${base}/range.m3u8?from=${start}&to=${new Date(to).toISOString()}`;
}

export function bucketSeconds(rangeSeconds: number): number {
  return Math.max(5, Math.ceil(rangeSeconds / 100));
}

export type MotionLevel = 'low' | 'medium' | 'high';

export function motionLevel(events: number): MotionLevel | null {
  if (events <= 0) return null;
  return events === 1 ? 'low' : events < 5 ? 'medium' : 'high';
}
