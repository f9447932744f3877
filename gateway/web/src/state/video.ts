// hls.js, loaded only where video is played.

import Hls, { type Fragment } from 'hls.js/light';

import type { Piece } from './playback';

export { Hls };

/** Segments that are no transport stream are MJPEG, which no browser plays. */
export const isMjpeg = (address: string): boolean => new URL(address).pathname.endsWith('.mp4');

export function piecesOf(fragments: readonly Fragment[]): Piece[] {
  return fragments
    .map((f) => ({ start: f.start, duration: f.duration, at: f.programDateTime ?? 0 }))
    .filter((p) => p.at > 0);
}
