import { afterEach, describe, expect, it, vi } from 'vitest';
import { MultipartPictures, PreviewStream, pauseAfter, type PreviewPicture } from './previewstream';

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const text = (picture: PreviewPicture): string => new TextDecoder().decode(picture.jpeg);
const part = (body: string, head = ''): string =>
  `--frame\r\nContent-Type: image/jpeg\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}\r\n`;
const KEPT = 'X-Capture-Time: 2026-01-05T10:00:00Z\r\nX-Picture-Kind: thumbnail\r\n';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the pictures of a preview', () => {
  it.each([1, 3, 50, 1000])('are whole however the stream is cut, here into pieces of %i bytes', (size) => {
    const stream = bytes(part('first\r\n\r\nof two') + part('second', KEPT));
    const pictures = new MultipartPictures();
    const found: PreviewPicture[] = [];
    for (let at = 0; at < stream.length; at += size) found.push(...pictures.push(stream.subarray(at, at + size)));

    expect(found.map(text)).toEqual(['first\r\n\r\nof two', 'second']);
    expect(found.map(({ taken }) => taken)).toEqual([null, Date.UTC(2026, 0, 5, 10)]);
    expect(found.map(({ kind }) => kind)).toEqual([null, 'thumbnail']);
  });
});

describe('a preview of which nothing arrives', () => {
  it('is asked for ever more seldom', () => {
    expect([1, 2, 3, 4, 5, 9].map(pauseAfter)).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it('costs a dozen requests in ten minutes and is soon back once there are pictures', async () => {
    vi.useFakeTimers();
    const ask = vi.fn(() => Promise.resolve(new Response(null, { status: 404 })));
    vi.stubGlobal('fetch', ask);
    const found: string[] = [];
    const absent = vi.fn();
    const stream = new PreviewStream('/live/a/b/fusion.mjpg', (picture) => found.push(text(picture)), absent);
    await vi.advanceTimersByTimeAsync(600_000);

    expect(ask.mock.calls.length).toBeGreaterThan(8);
    expect(ask.mock.calls.length).toBeLessThanOrEqual(13);
    expect(absent).toHaveBeenCalledTimes(ask.mock.calls.length);

    ask.mockImplementation(() => Promise.resolve(new Response(part('here'))));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(found[0]).toBe('here');

    stream.stop();
    const asked = ask.mock.calls.length;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(ask.mock.calls.length).toBe(asked);
  });
});
