import { describe, expect, it } from 'vitest';
import type { Player } from './player.svelte';
import { Playhead } from './playhead.svelte';

const FRAME = 80;

/** A video that was recorded in these times, and stands at a moment. */
class Video {
  ready = true;
  empty = false;
  problem = '';
  waits = false;
  playing = false;
  constructor(
    public position: number,
    private readonly runs: readonly (readonly [number, number])[] = [[0, 100_000]],
  ) {}
  has(at: number): boolean {
    return this.runs.some(([from, to]) => at >= from && at < to);
  }
  endOfRun(at: number): number {
    return this.runs.find(([from, to]) => at >= from && at < to)?.[1] ?? at;
  }
  isWhole(one: number, other: number): boolean {
    return this.endOfRun(Math.min(one, other)) >= Math.max(one, other);
  }
  beside(by: 1 | -1): number | null {
    const to = this.position + by * FRAME;
    if (this.has(to)) return to;
    return by === 1
      ? (this.runs.find(([from]) => from > to)?.[0] ?? null)
      : (this.runs.findLast(([, end]) => end <= to)?.[1] ?? null);
  }
  step(by: 1 | -1): number | null {
    this.position = this.beside(by) ?? this.position;
    return this.position;
  }
  seek(at: number): void {
    this.position = at;
  }
  follow(_at: number, _rate: number, playing: boolean): void {
    this.playing = playing;
  }
}

function headOf(at: number, videos: Record<string, Video>): Playhead {
  const head = new Playhead(at);
  for (const [device, video] of Object.entries(videos)) head.add(device, video as unknown as Player);
  return head;
}

describe('a pause', () => {
  it('stands at the picture of the first video, with all others', () => {
    const [yard, gate] = [new Video(10_390), new Video(10_310)];
    const head = headOf(10_000, { yard, gate });
    head.speed = 8;
    head.playing = true;

    head.pause(['yard', 'gate']);

    expect([head.playing, yard.playing, gate.playing]).toEqual([false, false, false]);
    expect([head.at, yard.position, gate.position]).toEqual([10_390, 10_390, 10_390]);
  });

  it('stands before a hole over which the first video has played on already', () => {
    const yard = new Video(60_020, [
      [0, 10_100],
      [60_000, 100_000],
    ]);
    const head = headOf(10_000, { yard });

    head.pause(['yard']);

    expect(head.at).toBe(10_100);
  });

  it('stands where it is, where nothing is shown', () => {
    const head = headOf(10_000, { yard: new Video(50_000, [[50_000, 60_000]]) });

    head.pause(['yard']);

    expect(head.at).toBe(10_000);
  });
});

describe('a step of one frame', () => {
  const HOLE = [
    [0, 10_000],
    [60_000, 100_000],
  ] as const;

  it.each([
    { from: 9_960, by: 1, to: 10_040 },
    { from: 60_000, by: -1, to: 59_920 },
  ] as const)('goes by the video that recorded in the hole of the first: $by from $from', ({ from, by, to }) => {
    const [yard, gate] = [new Video(from, HOLE), new Video(from)];

    expect(headOf(from, { yard, gate }).step(['yard', 'gate'], by)).toBe(to);
    expect([yard.position, gate.position]).toEqual([to, to]);
  });

  it('goes over a hole that all have', () => {
    expect(headOf(9_960, { yard: new Video(9_960, HOLE) }).step(['yard'], 1)).toBe(60_000);
  });

  it('goes by the next video where the first has no frames that can be stepped', () => {
    const still = new Video(5_000);
    still.beside = () => null;

    expect(headOf(5_000, { still, gate: new Video(5_000) }).step(['still', 'gate'], 1)).toBe(5_080);
    expect(headOf(5_000, { still }).step(['still'], 1)).toBeNull();
  });
});
