import { expect, it } from 'vitest';
import { aspectOf, streamAspect } from './aspect';

const sent = (width: number, height: number) => ({
  stream_info: { fps: 10, width, height, analysis_fps: 5, codec: 'h264', bits_per_s: null, clock_error_s: null },
});

it('is that of the stream', () => {
  expect(streamAspect(sent(640, 480))).toBe(4 / 3);
  expect(streamAspect(sent(1080, 1920))).toBe(9 / 16);
  expect(streamAspect(sent(3840, 1080))).toBe(32 / 9);
});

it('is the usual one where nothing is known of the stream', () => {
  expect(streamAspect({ stream_info: null })).toBe(16 / 9);
  expect(streamAspect(sent(0, 0))).toBe(16 / 9);
});

it('is not known before there is a picture', () => {
  expect(aspectOf(640, 480)).toBe(4 / 3);
  expect(aspectOf(0, 0)).toBeUndefined();
  expect(aspectOf()).toBeUndefined();
});
