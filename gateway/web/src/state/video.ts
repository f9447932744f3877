// hls.js, loaded only where video is played.

import Hls, { type Fragment, type LoaderCallbacks, type LoaderConfiguration, type LoaderContext } from 'hls.js';

import { FragmentSound } from './fragment_sound';
import type { Piece } from './playback';

export { Hls };

/** Loads segments, and makes their sound reach as far as their pictures. One for each video. */
export function segmentLoader(): typeof Hls.DefaultConfig.loader {
  const sound = new FragmentSound();
  return class extends Hls.DefaultConfig.loader {
    override load(
      context: LoaderContext,
      config: LoaderConfiguration,
      callbacks: LoaderCallbacks<LoaderContext>,
    ): void {
      super.load(context, config, {
        ...callbacks,
        onSuccess: (response, stats, of, details) => {
          if (response.data instanceof ArrayBuffer) response.data = sound.whole(response.data);
          callbacks.onSuccess(response, stats, of, details);
        },
      });
    }
  };
}

/** Segments that are no transport stream are MJPEG, which no browser plays. */
export const isMjpeg = (address: string): boolean => new URL(address).pathname.endsWith('.mp4');

/** hls.js asks for it again and again otherwise. */
export function leaveOut(fragment: Fragment): void {
  fragment.gap = true;
  if (!fragment.tagList.some(([name]) => name === 'GAP')) fragment.tagList.push(['GAP']);
}

export function piecesOf(fragments: readonly Fragment[]): Piece[] {
  return fragments.map(pieceOf).filter((p) => p.at > 0);
}

function pieceOf({ start, duration, startPTS, endPTS, programDateTime }: Fragment): Piece {
  const at = programDateTime ?? 0;
  // The first of a list stays at 0 in hls.js; its pictures begin later where they are stored in another order.
  if (start === 0 && startPTS !== undefined && endPTS !== undefined)
    return { start: startPTS, duration: endPTS - startPTS, at };
  return { start, duration, at };
}
