// One device's recorded video: moments of the day in, moments of the day out.

import type HlsType from 'hls.js';
import type { ErrorData, Fragment, HlsConfig } from 'hls.js';
import { FrameSteps } from './frame_steps';
import { covers, endOfLost, endOfRun, mediaTimeOf, momentOfMedia, playableOf, type Piece } from './playback';
import type { Window } from './zoom';

/** Further apart than this, a video is set to the clock; closer, it is played a little faster or slower. */
const APART_S = 0.4;
const NEAR_S = 0.06;
const CATCH_UP = 0.15;
/** A video may stop so long before its end. */
const ENDS_MS = 100;
/** So often it begins anew after an error, and so often farther on where it fails at once again. */
const MOST_RECOVERIES = 8;
const MOST_FAILURES = 4;
/** So often a segment may be refused before it counts as lost; one that is gone is lost at once. */
const MOST_REFUSALS = 2;
const GONE = 404;
/** The status of a playlist of a time in which nothing was recorded. */
const NOTHING = 204;
/** As exact as a video can be set. */
const EXACT_MS = 10;

export class Player {
  ready = $state(false);
  problem = $state('');
  /** The part of the day has no video at all. */
  empty = $state(false);
  /** The browser cannot play what was recorded (MJPEG, or H.265 where it has no decoder): pictures stand for it. */
  unplayable = $state(false);
  #video: HTMLVideoElement;
  #hls: HlsType | null = null;
  #pieces: Piece[] = [];
  /** Recorded times that cannot be played, and the numbers of segments of which that is all. */
  #lost: Window[] = $state.raw([]);
  #lostSegments = new Set<number>();
  #refusals = new Map<number, number>();
  /** The runs of segments of which one was played. */
  #played = new Set<number>();
  #frames: FrameSteps;
  #gone = false;
  #recoveries = 0;
  #failures = 0;
  /** Where it stands, while it does: fragments say only once they are loaded where exactly their pictures are. */
  #wanted: number | null;

  constructor(video: HTMLVideoElement, playlist: string, startAt: number) {
    this.#video = video;
    this.#wanted = startAt;
    this.#frames = new FrameSteps(video);
    void this.#open(playlist, startAt);
  }

  async #open(playlist: string, startAt: number): Promise<void> {
    const code = await import('./video').catch((error: unknown) => {
      if (!(error instanceof Error)) throw error;
      this.problem = 'The code that plays video could not be loaded: the hub is away, or has a newer page by now';
    });
    if (this.#gone || !code) return;
    const { Hls, isMjpeg, leaveOut, piecesOf, segmentLoader } = code;
    if (!Hls.isSupported()) {
      this.problem = 'This browser cannot play recorded video';
      return;
    }
    const hls = new Hls({
      autoStartLoad: false,
      maxBufferLength: 20,
      backBufferLength: 30,
      fLoader: segmentLoader() as NonNullable<HlsConfig['fLoader']>,
    });
    this.#hls = hls as HlsType;
    const place = (fragments: readonly Fragment[]): void => {
      for (const one of fragments) if (this.#lostSegments.has(Number(one.sn))) leaveOut(one);
      this.#pieces = playableOf(piecesOf(fragments), this.#lost);
    };
    this.#video.addEventListener('error', () => {
      if (this.#gone || !this.#video.error || this.unplayable) return;
      const of = hls.levels[0]?.details?.fragments ?? [];
      if (!this.#passOver()) return this.#standIn(hls);
      place(of);
      hls.recoverMediaError();
    });
    hls.on(Hls.Events.MANIFEST_PARSED, () => hls.startLoad(0));
    hls.on(Hls.Events.LEVEL_LOADED, (_, { details }) => {
      place(details.fragments);
      if (this.ready) return;
      if (details.fragments.some((one) => isMjpeg(one.url))) {
        this.ready = true;
        return this.#standIn(hls);
      }
      const at = mediaTimeOf(startAt, this.#pieces) ?? 0;
      hls.startLoad(at);
      this.#video.currentTime = at;
      this.ready = true;
    });
    for (const event of [Hls.Events.FRAG_BUFFERED, Hls.Events.LEVEL_UPDATED, Hls.Events.LEVEL_PTS_UPDATED] as const)
      hls.on(event, () => {
        const details = hls.levels[0]?.details;
        if (details) place(details.fragments);
      });
    hls.on(Hls.Events.FRAG_BUFFERED, (_, { frag }) => void this.#played.add(frag.cc));
    hls.on(Hls.Events.BUFFER_APPENDING, (_, data) => void this.#frames.appended(data));
    // It is what was played long ago, as a rule: the frames around the one shown stay.
    hls.on(Hls.Events.BUFFER_FLUSHED, (_, { type, start, end }) => {
      if (type !== 'audio') this.#frames.dropped(start, end);
    });
    hls.on(Hls.Events.ERROR, (_, data) => {
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && this.#pieces.length) {
        if (this.#video.error) return;
        const of = hls.levels[0]?.details?.fragments ?? [];
        this.#lose(data, of);
        place(of);
        if (!this.#pieces.length || (data.fatal && !this.#recovers(data))) return this.#standIn(hls);
        if (data.fatal) hls.recoverMediaError();
        return;
      }
      if (this.#isUnloadable(data)) {
        this.#loseAll(data.frag ? [data.frag] : []);
        place(hls.levels[0]?.details?.fragments ?? []);
        if (!this.#pieces.length) this.problem = 'The video cannot be loaded';
        else if (data.fatal) hls.startLoad();
        return;
      }
      if (!data.fatal) return;
      this.empty = data.response?.code === NOTHING;
      this.problem = this.empty ? '' : 'The video cannot be loaded';
    });
    hls.loadSource(playlist);
    hls.attachMedia(this.#video);
  }

  /** A segment that cannot be read costs itself alone; one of a codec that the browser lacks, those beside it too. */
  #lose({ details, error, frag }: ErrorData, fragments: readonly Fragment[]): void {
    const isRefused = details === 'mediaSourceRequiresReset';
    if (!frag || (details !== 'fragParsingError' && !isRefused)) return;
    const isForeign = !this.#played.has(frag.cc) && (isRefused || /unsupported/i.test(error.message));
    if (isRefused && !isForeign) return;
    this.#loseAll(fragments.filter((one) => one.sn === frag.sn || (isForeign && one.cc === frag.cc)));
  }

  /** The bytes of a segment are gone, or are refused again and again: what comes after it is played all the same. */
  #isUnloadable({ details, response, frag }: ErrorData): boolean {
    const code = response?.code ?? 0;
    if (details !== 'fragLoadError' || !frag || code < 400) return false;
    const refusals = (this.#refusals.get(Number(frag.sn)) ?? 0) + 1;
    this.#refusals.set(Number(frag.sn), refusals);
    return code === GONE || refusals > MOST_REFUSALS;
  }

  #loseAll(fragments: readonly Fragment[]): void {
    for (const one of fragments) {
      this.#lostSegments.add(Number(one.sn));
      const from = one.programDateTime ?? 0;
      this.#lost = [...this.#lost, { from, to: from + one.duration * 1000 }];
    }
  }

  /** Whether a new beginning may help: sound that comes later needs buffers of its own. */
  #recovers({ details }: ErrorData): boolean {
    this.#recoveries += 1;
    return (details === 'bufferAppendError' || details === 'fragParsingError') && this.#recoveries <= MOST_RECOVERIES;
  }

  /** The browser cannot decode a picture: on behind it, and farther each time that this fails again. */
  #passOver(): boolean {
    const at = momentOfMedia(this.#video.currentTime, this.#pieces);
    const before = this.#lost.at(-1);
    this.#failures = at !== null && before && at - before.to < 1000 && at > before.from - 1000 ? this.#failures + 1 : 0;
    if (at === null || this.#failures > MOST_FAILURES) return false;
    this.#lost = [...this.#lost, { from: at - 1000 / 4, to: at + 2000 * 2 ** this.#failures }];
    return true;
  }

  /** What is recorded further on is still listed, without being loaded. */
  #standIn(hls: Pick<HlsType, 'detachMedia'>): void {
    this.unplayable = true;
    hls.detachMedia();
  }

  /** hls.js begins where it thought a moment to be, before it knew the first fragment. */
  #correct(own: number): void {
    if (this.#wanted === null || this.#video.seeking || !this.has(this.#wanted)) return;
    if (Math.abs(own - this.#wanted) > EXACT_MS) this.seek(this.#wanted);
  }

  get position(): number | null {
    return this.unplayable ? null : momentOfMedia(this.#video.currentTime, this.#pieces);
  }

  /** Whether it waits for its bytes. */
  get waits(): boolean {
    if (this.unplayable) return false;
    return this.#video.seeking || this.#video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
  }

  /** Whether it shows this moment. Of its very end nothing more comes. */
  has(at: number): boolean {
    return covers(at, this.#pieces) && at < endOfRun(Infinity, this.#pieces) - ENDS_MS;
  }

  /** Whether something is recorded of this moment, and cannot be played. */
  isLost(at: number): boolean {
    return this.#lost.some(({ from, to }) => at >= from && at < to);
  }

  /** Where the next part begins that cannot be played. */
  lostAfter(at: number): number | null {
    const begins = this.#lost.filter(({ from }) => from > at).map(({ from }) => from);
    return begins.length ? Math.min(...begins) : null;
  }

  /** The end of the part that is met at this moment and cannot be played; the moment itself where there is none. */
  endOfLost(at: number): number {
    return endOfLost(at, this.#lost);
  }

  /** The moment at which the recording pauses that runs at this moment. */
  endOfRun(at: number): number {
    return endOfRun(at, this.#pieces);
  }

  /** The moment from which on something is recorded again; null where nothing more is. */
  nextAfter(at: number): number | null {
    return this.#pieces.find((piece) => piece.at > at)?.at ?? null;
  }

  seek(at: number): void {
    this.#wanted = at;
    const to = mediaTimeOf(at, this.#pieces);
    if (to !== null && !this.unplayable) this.#video.currentTime = to;
  }

  /** Play or stand where the clock is. The clock itself follows the video that leads. */
  follow(at: number, rate: number, playing: boolean, leads: boolean): void {
    const own = this.position;
    if (!this.ready || own === null) return;
    if (!this.has(at)) return this.#video.pause();
    const ahead = (own - at) / 1000;
    // hls.js may be on its way over a part that cannot be played.
    if (!this.#video.seeking && Math.abs(ahead) > APART_S * Math.max(1, rate)) this.seek(at);
    const near = leads || Math.abs(ahead) < NEAR_S;
    this.#video.playbackRate = near ? rate : rate * (1 - Math.sign(ahead) * CATCH_UP);
    if (!playing) {
      this.#video.pause();
      return this.#correct(own);
    }
    if (this.#video.paused) this.#play();
  }

  #play(): void {
    this.#wanted = null;
    void this.#video.play().catch((error: unknown) => {
      // A pause or a new source while starting; or the browser wants it silent first.
      if (!(error instanceof DOMException)) throw error;
      if (error.name === 'NotAllowedError') this.problem = 'The browser wants a click before it plays sound';
    });
  }

  /** Whether all between two moments was recorded and can be played. */
  isWhole(one: number, other: number): boolean {
    return this.endOfRun(Math.min(one, other)) >= Math.max(one, other);
  }

  /** The moment of the frame before or after the one shown; null where it is not loaded. */
  beside(by: 1 | -1): number | null {
    const to = this.unplayable ? null : this.#frames.beside(by);
    return to === null ? null : momentOfMedia(to, this.#pieces);
  }

  /** Show that frame; its moment. */
  step(by: 1 | -1): number | null {
    const to = this.unplayable ? null : this.#frames.beside(by);
    if (to === null) return null;
    this.#frames.stepTo(to);
    this.#wanted = momentOfMedia(to, this.#pieces);
    return this.#wanted;
  }

  set muted(muted: boolean) {
    this.#video.muted = muted;
  }

  destroy(): void {
    this.#gone = true;
    this.#frames.end();
    this.#hls?.destroy();
  }
}
