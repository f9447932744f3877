// hls.js, loaded only where video is played.

import Hls, { type Fragment } from 'hls.js/light';

import type { Piece } from './playback';

export { Hls };

export function piecesOf(fragments: readonly Fragment[]): Piece[] {
  return fragments
    .map((f) => ({ start: f.start, duration: f.duration, at: f.programDateTime ?? 0 }))
    .filter((p) => p.at > 0);
}
