import { describe, expect, it } from 'vitest';
import { FrameTimes, frameTimes, timescaleOf } from './frames';

const word = (n: number): number[] => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const box = (type: string, ...body: number[][]): number[] => {
  const bytes = body.flat();
  return [...word(bytes.length + 8), ...[...type].map((c) => c.charCodeAt(0)), ...bytes];
};
const bytes = (...boxes: number[][]): Uint8Array => Uint8Array.from(boxes.flat());

/** Samples of a length and an offset each, as hls.js writes them. */
function fragment(begin: number, samples: [number, number][]): Uint8Array {
  const run = samples.flatMap(([duration, offset]) => [...word(duration), ...word(100), ...word(0), ...word(offset)]);
  return bytes(
    box(
      'moof',
      box('mfhd', word(0), word(1)),
      box(
        'traf',
        box('tfhd', word(0), word(1)),
        box('tfdt', word(0x01000000), word(0), word(begin)),
        box('trun', word(0x01000f01), word(samples.length), word(8), run),
      ),
    ),
    box('mdat', [1, 2, 3]),
  );
}

describe('the frames of a fragment', () => {
  it('are read from its own boxes, in the order in which they are shown', () => {
    // The second frame is shown after the third.
    const samples: [number, number][] = [
      [9000, 0],
      [4500, 9000],
      [4500, -4500],
    ];
    expect(frameTimes(fragment(90_000, samples), 90_000)).toEqual([1, 1.1, 1.2]);
  });

  it('are none where there is no fragment', () => {
    expect(frameTimes(bytes(box('free', [1, 2])), 90_000)).toEqual([]);
    expect(frameTimes(Uint8Array.from([0, 0, 0, 1, 2]), 90_000)).toEqual([]);
  });

  it('count in the units of their track', () => {
    const header = box('mdhd', word(0), word(0), word(0), word(12_800), word(0));
    expect(timescaleOf(bytes(box('ftyp', word(0)), box('moov', box('trak', box('mdia', header)))))).toBe(12_800);
    expect(timescaleOf(fragment(0, [[1, 0]]))).toBeNull();
  });
});

describe('a step of one frame', () => {
  const frames = new FrameTimes();
  frames.add([0.2, 0.0, 0.1, 0.5]);
  frames.add([0.5001, 0.6]); // loaded again, and one more

  it.each([
    [0.0, 1, 0.15],
    [0.05, 1, 0.15],
    [0.15, 1, 0.35], // 0.2 is shown until 0.5
    [0.35, -1, 0.15],
    [0.55, 1, 0.61], // of the last one nobody knows how long it is shown
    [0.2, -1, 0.15],
  ] as const)('from %d s by %d leads into the frame beside it', (from, by, to) =>
    expect(frames.beside(from, by)).toBeCloseTo(to, 3),
  );

  it('leads to the frames that the browser still has of a long recording', () => {
    const played = new FrameTimes();
    played.add([0, 0.1, 10, 10.1, 10.2]);
    played.drop(0, 10);
    expect(played.beside(10.1, 1)).toBeCloseTo(10.21);
    expect(played.beside(10.1, -1)).toBeCloseTo(10.05);
    expect(played.beside(10, -1)).toBeNull();
  });

  it('leads nowhere beyond what is loaded', () => {
    expect(frames.beside(0.65, 1)).toBeNull();
    expect(frames.beside(0, -1)).toBeNull();
    expect(new FrameTimes().beside(0, 1)).toBeNull();
  });
});
