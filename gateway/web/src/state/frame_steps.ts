// Steps of one frame in a video element: which frame is on the screen, and which lie beside it.

import { FrameTimes, frameTimes, timescaleOf } from './frames';

/** What hls.js gives to the browser; `offset` is that of the browser's buffer, in seconds. */
export interface Appended {
  type: string;
  data: Uint8Array;
  offset?: number | undefined;
}

export class FrameSteps {
  #video: HTMLVideoElement;
  #frames = new FrameTimes();
  #timescale = 90_000;
  #ended = false;
  /** The time of the frame on the screen; the time of the element may lie between two. */
  #presented: number | null = null;
  #stepped: number | null = null;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    this.#watch();
  }

  #watch(): void {
    // Where a browser does not say, the time of the element has to do.
    if (this.#ended || !('requestVideoFrameCallback' in this.#video)) return;
    this.#video.requestVideoFrameCallback((_, { mediaTime }) => {
      this.#presented = mediaTime;
      this.#watch();
    });
  }

  appended({ type, data, offset }: Appended): void {
    if (type === 'audio') return;
    this.#timescale = timescaleOf(data) ?? this.#timescale;
    this.#frames.add(frameTimes(data, this.#timescale), offset);
  }

  dropped(from: number, to: number): void {
    this.#frames.drop(from, to);
  }

  /** A time within the frame before or after the one shown; null where that is not loaded. */
  beside(by: 1 | -1): number | null {
    const { currentTime, seeking } = this.#video;
    // After a step the time of the element lies within its frame; the screen may still show the one before.
    const stepped = Math.abs(currentTime - (this.#stepped ?? Infinity)) < 0.001;
    const isShown = !seeking && !stepped && this.#presented !== null && Math.abs(this.#presented - currentTime) < 1;
    return this.#frames.beside(isShown ? (this.#presented ?? currentTime) : currentTime, by);
  }

  stepTo(time: number): void {
    this.#video.currentTime = this.#stepped = time;
  }

  end(): void {
    this.#ended = true;
  }
}
