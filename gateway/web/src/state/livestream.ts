// Plays fragmented MP4 that never ends, as close to the present as the connection allows.

import { nextEvent, rest } from './waiting.ts';

/** Seconds behind the newest picture at which it plays. */
const BEHIND = 0.3;
/** Further behind, it plays the faster the later it is; much further, it goes on at the newest picture. */
const LATE = 0.8;
const TOO_LATE = 2.5;
const FASTER = 1.1;
const FASTEST = 1.5;
/** Seconds of what was played that stay in memory, and as many again before they are taken out. */
const KEPT = 20;
/** So many connections without a picture, and the browser is not asked again. */
const FRUITLESS = 3;
/** So long without anything new to show, a picture stands still: whether bytes come or none. */
const STANDS_MS = 3000;
const LOOK_EVERY_MS = 1000;
/** A connection that brings bytes for so long and no picture is one of them. */
const LONGEST_BLANK_MS = 8000;

export interface Correction {
  seek: number | null;
  rate: number;
}

/** What brings a video at `current` back to the present, where `start` to `end` is its newest range. */
export function correction(start: number, end: number, current: number): Correction {
  if (current < start || current > end || end - current > TOO_LATE)
    return { seek: Math.max(start, end - BEHIND), rate: 1 };
  const late = end - current - LATE;
  return { seek: null, rate: late > 0 ? Math.min(FASTEST, FASTER + late / 2) : 1 };
}

/** Up to where nothing is needed any more: to a keyframe, for a browser drops with a picture all that build on it. */
export function removable(keyframes: readonly number[], start: number, current: number): number | null {
  const old = keyframes.findLast((at) => at <= current - KEPT);
  return old !== undefined && start < old - KEPT ? old : null;
}

/** Whether the picture goes on: a browser shows nothing more up to the next keyframe where something was lost. */
export class PlayedEnd {
  private end = -Infinity;
  private since = 0;

  /** `end` is that of what can be played, in seconds. */
  goesOn(end: number, now: number): boolean {
    if (end !== this.end) [this.end, this.since] = [end, now];
    return this.stillGoesOn(now);
  }

  /** Judged by the end that it was given last. */
  stillGoesOn(now: number): boolean {
    return now - this.since < STANDS_MS;
  }
}

/** Whether a piece of the stream begins at a keyframe, with what a player must know beforehand. */
const isBeginning = (piece: Uint8Array): boolean => String.fromCharCode(...piece.subarray(4, 8)) === 'ftyp';

export type LiveState = 'waiting' | 'playing' | 'unsupported' | 'absent';

/** One connection after the other, until `stop`. */
export class LiveStream {
  private readonly stopping = new AbortController();
  /** Connections since the last picture whose bytes the browser took, and showed nothing of. */
  private fruitless = 0;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly address: string,
    private readonly onstate: (state: LiveState, sound: boolean) => void,
  ) {
    void this.run();
  }

  stop(): void {
    this.stopping.abort();
    this.video.removeAttribute('src');
    this.video.load();
  }

  private async run(): Promise<void> {
    for (let attempt = 0; !this.stopping.signal.aborted; attempt += 1) {
      const found = await this.watch(attempt).catch(() => 'waiting' as const);
      if (this.stopping.signal.aborted) return;
      const state = this.fruitless >= FRUITLESS ? 'unsupported' : found;
      this.onstate(state, false);
      if (state === 'unsupported') return;
      await rest(state === 'absent' ? 5000 : 1000, this.stopping.signal);
    }
  }

  private async watch(attempt: number): Promise<LiveState> {
    const { signal } = this.stopping;
    const answer = await fetch(`${this.address}?again=${attempt}&or_none=true`, { signal, cache: 'no-store' });
    const type = answer.headers.get('content-type') ?? '';
    if (!answer.ok || !answer.body) return 'absent';
    if (typeof MediaSource === 'undefined' || !MediaSource.isTypeSupported(type)) {
      await answer.body.cancel();
      return 'unsupported';
    }
    const source = new MediaSource();
    const own = URL.createObjectURL(source);
    this.video.src = own;
    await nextEvent(source, 'sourceopen', signal).finally(() => URL.revokeObjectURL(own));
    const reader = answer.body.getReader();
    this.fruitless += 1;
    const sound = type.includes('mp4a');
    const played = new PlayedEnd();
    // A camera that hangs sends nothing, and a broken link does not end.
    const looking = setInterval(() => {
      if (!played.stillGoesOn(performance.now())) this.onstate('waiting', sound);
    }, LOOK_EVERY_MS);
    try {
      await this.play(reader, source.addSourceBuffer(type), sound, played);
    } finally {
      clearInterval(looking);
      // What the browser refuses comes from the camera for ever otherwise.
      await reader.cancel().catch(() => undefined);
    }
    return 'waiting';
  }

  private async play(
    reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
    buffer: SourceBuffer,
    sound: boolean,
    played: PlayedEnd,
  ): Promise<void> {
    const began = performance.now();
    let shown = false;
    let keyframes: number[] = [];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (isBeginning(value) && buffer.buffered.length) keyframes.push(buffer.buffered.end(buffer.buffered.length - 1));
      buffer.appendBuffer(value);
      await nextEvent(buffer, 'updateend', this.stopping.signal);
      this.follow(buffer);
      shown ||= this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
      if (shown) this.fruitless = 0;
      else if (performance.now() - began > LONGEST_BLANK_MS) return;
      const end = buffer.buffered.length ? buffer.buffered.end(buffer.buffered.length - 1) : 0;
      this.onstate(shown && played.goesOn(end, performance.now()) ? 'playing' : 'waiting', sound);
      const start = buffer.buffered.length ? buffer.buffered.start(0) : Infinity;
      const old = removable(keyframes, start, this.video.currentTime);
      if (old !== null) {
        keyframes = keyframes.filter((at) => at > old);
        buffer.remove(0, old);
        await nextEvent(buffer, 'updateend', this.stopping.signal);
      }
    }
  }

  private follow(buffer: SourceBuffer): void {
    const last = buffer.buffered.length - 1;
    if (last < 0) return;
    const { seek, rate } = correction(buffer.buffered.start(last), buffer.buffered.end(last), this.video.currentTime);
    if (seek !== null) this.video.currentTime = seek;
    this.video.playbackRate = rate;
    if (this.video.paused)
      // A browser that wants a click first shows the first picture.
      this.video.play().catch((error: unknown) => {
        if (!(error instanceof DOMException)) throw error;
      });
  }
}
