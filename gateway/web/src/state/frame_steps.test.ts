import { describe, expect, it } from 'vitest';
import { FrameSteps } from './frame_steps';

const word = (n: number): number[] => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const box = (type: string, ...body: number[][]): number[] => {
  const bytes = body.flat();
  return [...word(bytes.length + 8), ...[...type].map((c) => c.charCodeAt(0)), ...bytes];
};

/** Four frames of 80 ms, from a second on. */
const FRAGMENT = Uint8Array.from(
  box(
    'moof',
    box(
      'traf',
      box('tfdt', word(0), word(90_000)),
      box('trun', word(0x0100), word(4), word(7200), word(7200), word(7200), word(7200)),
    ),
  ),
);

const video = (currentTime: number): HTMLVideoElement => ({ currentTime, seeking: false }) as HTMLVideoElement;

describe('a step in a video', () => {
  it.each([0, -0.84, 0.123])(
    'lies in the middle of the frame that the browser shows %d s later than stored',
    (offset) => {
      const shown = video(1.1 + offset);
      const steps = new FrameSteps(shown);
      steps.appended({ type: 'video', data: FRAGMENT, offset });

      expect(steps.beside(1)).toBeCloseTo(1.2 + offset, 6);
      expect(steps.beside(-1)).toBeCloseTo(1.04 + offset, 6);
      steps.stepTo(steps.beside(1) ?? 0);
      expect(shown.currentTime).toBeCloseTo(1.2 + offset, 6);
    },
  );

  it('is not known of sound, nor of what the browser holds no more', () => {
    const steps = new FrameSteps(video(0.2));
    steps.appended({ type: 'audio', data: FRAGMENT, offset: -1 });
    expect(steps.beside(1)).toBeNull();

    steps.appended({ type: 'video', data: FRAGMENT, offset: -1 });
    steps.dropped(0, 1);
    expect(steps.beside(1)).toBeNull();
  });
});
