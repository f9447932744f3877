// One device's recorded video on the page's one clock: moments of the day in, moments of the day out.

import type HlsType from 'hls.js';
import { covers, mediaTimeOf, momentOfMedia, type Piece } from './playback';

export class Player {
  ready = $state(false);
  problem = $state('');
  #video: HTMLVideoElement;
  #hls: HlsType | null = null;
  #pieces: Piece[] = [];
  #gone = false;

  constructor(video: HTMLVideoElement, playlist: string, startAt: number) {
    this.#video = video;
    void this.#open(playlist, startAt);
  }

  async #open(playlist: string, startAt: number): Promise<void> {
    const { Hls, piecesOf } = await import('./video');
    if (this.#gone) return;
    if (!Hls.isSupported()) {
      this.problem = 'This browser cannot play recorded video';
      return;
    }
    const hls = new Hls({ autoStartLoad: false, maxBufferLength: 20, backBufferLength: 30 });
    this.#hls = hls as HlsType;
    const learn = (): void => {
      const details = hls.levels[0]?.details;
      if (details) this.#pieces = piecesOf(details.fragments);
    };
    hls.on(Hls.Events.MANIFEST_PARSED, () => hls.startLoad(0));
    hls.on(Hls.Events.LEVEL_LOADED, (_, { details }) => {
      this.#pieces = piecesOf(details.fragments);
      if (this.ready) return;
      const at = mediaTimeOf(startAt, this.#pieces) ?? 0;
      hls.startLoad(at);
      this.#video.currentTime = at;
      this.ready = true;
    });
    for (const event of [Hls.Events.FRAG_BUFFERED, Hls.Events.LEVEL_UPDATED, Hls.Events.LEVEL_PTS_UPDATED] as const)
      hls.on(event, learn);
    hls.on(Hls.Events.ERROR, (_, data) => {
      if (data.fatal)
        this.problem = data.response?.code === 404 ? 'The video of this time is gone' : 'The video cannot be loaded';
    });
    hls.loadSource(playlist);
    hls.attachMedia(this.#video);
  }

  get position(): number | null {
    return momentOfMedia(this.#video.currentTime, this.#pieces);
  }

  get ended(): boolean {
    return this.#video.ended;
  }

  has(at: number): boolean {
    return covers(at, this.#pieces);
  }

  seek(at: number): void {
    const to = mediaTimeOf(at, this.#pieces);
    if (to !== null) this.#video.currentTime = to;
  }

  /** Followers are pulled to the leader's moment only when they have drifted visibly. */
  follow(at: number): void {
    const own = this.position;
    if (own !== null && this.has(at) && Math.abs(own - at) > 400) this.seek(at);
  }

  set(playing: boolean, rate: number, muted: boolean): void {
    const video = this.#video;
    video.playbackRate = rate;
    video.muted = muted;
    if (!playing) return video.pause();
    if (video.paused && this.ready)
      void video.play().catch((error: unknown) => {
        // A pause or a new source while starting; or the browser wants it silent first.
        if (!(error instanceof DOMException)) throw error;
        if (error.name === 'NotAllowedError') this.problem = 'The browser wants a click before it plays sound';
      });
  }

  destroy(): void {
    this.#gone = true;
    this.#hls?.destroy();
  }
}
