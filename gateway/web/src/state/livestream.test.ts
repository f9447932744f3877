import { afterEach, describe, expect, it, vi } from 'vitest';
import { LiveStream, PlayedEnd, correction, removable } from './livestream';

describe('a live video', () => {
  it('begins near its newest picture, however much has come at once', () => {
    expect(correction(0, 10, 0)).toEqual({ seek: 9.7, rate: 1 });
  });
  it('plays on at its own speed while it is close', () => {
    expect(correction(0, 10, 9.5)).toEqual({ seek: null, rate: 1 });
  });
  it('plays the faster the further it has fallen behind', () => {
    expect(correction(0, 10, 9).seek).toBeNull();
    expect(correction(0, 10, 9).rate).toBeCloseTo(1.2);
    expect(correction(0, 10, 7.6).rate).toBeCloseTo(1.5);
  });
  it('leaves out what is missing when it was too slow', () => {
    expect(correction(20, 30, 12)).toEqual({ seek: 29.7, rate: 1 });
    expect(correction(20, 20.1, 12)).toEqual({ seek: 20, rate: 1 });
  });
});

describe('a picture that stands still', () => {
  it('is one of which nothing new could be shown for three seconds', () => {
    const played = new PlayedEnd();
    expect(played.goesOn(1, 0)).toBe(true);
    expect(played.goesOn(1, 2900)).toBe(true);
    expect(played.goesOn(1, 3000)).toBe(false);
    expect(played.goesOn(1.2, 3100)).toBe(true);
    expect(played.goesOn(1.2, 5000)).toBe(true);
  });
});

describe('what was played of a live video', () => {
  it('is taken out up to a keyframe, twenty seconds before what is played', () => {
    const each = Array.from({ length: 61 }, (_, second) => second);
    expect(removable(each, 0, 39)).toBeNull();
    expect(removable(each, 0, 45.5)).toBe(25);
    expect(removable(each, 25, 60.5)).toBeNull();
  });
  it('stays as long as what is played builds on it', () => {
    expect(removable([60], 0, 59)).toBeNull();
    expect(removable([60], 0, 79)).toBeNull();
    expect(removable([60, 120], 0, 81)).toBe(60);
    expect(removable([], 0, 500)).toBeNull();
  });
});

describe('a connection with a camera', () => {
  /** A browser that takes whatever comes, and shows one second of it for each piece. */
  function browser(): { video: HTMLVideoElement; send: () => void } {
    let ends = 0;
    class Buffer extends EventTarget {
      buffered = { length: 1, start: () => 0, end: () => ends };
      appendBuffer(): void {
        ends += 1;
        queueMicrotask(() => this.dispatchEvent(new Event('updateend')));
      }
    }
    class Source extends EventTarget {
      static isTypeSupported = (): boolean => true;
      addSourceBuffer = (): Buffer => new Buffer();
    }
    vi.stubGlobal('MediaSource', Source);
    vi.stubGlobal('HTMLMediaElement', { HAVE_CURRENT_DATA: 2 });
    vi.spyOn(URL, 'createObjectURL').mockImplementation((source) => {
      queueMicrotask(() => (source as unknown as Source).dispatchEvent(new Event('sourceopen')));
      return 'blob:video';
    });
    let send = (): void => undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (control) => void (send = () => control.enqueue(new Uint8Array(16))),
    });
    const headers = { 'content-type': 'video/mp4; codecs="avc1.42E01E"' };
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { headers })));
    const video = { readyState: 4, currentTime: 0, paused: false, removeAttribute: vi.fn(), load: vi.fn() };
    return { video: video as unknown as HTMLVideoElement, send };
  }

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it('waits for the camera where nothing more comes of it, and goes on when it does', async () => {
    vi.useFakeTimers();
    const { video, send } = browser();
    const states: string[] = [];
    const stream = new LiveStream(video, '/live', (state) => states.push(state));
    send();
    await vi.advanceTimersByTimeAsync(1500);
    expect(states.at(-1)).toBe('playing');

    await vi.advanceTimersByTimeAsync(3000);
    expect(states.at(-1)).toBe('waiting');

    send();
    await vi.advanceTimersByTimeAsync(100);
    expect(states.at(-1)).toBe('playing');
    stream.stop();
  });
});
