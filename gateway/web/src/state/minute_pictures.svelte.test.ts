// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from 'vitest';
import { MinutePictures } from './minute_pictures.svelte';

class PlayedImage {
  static made: PlayedImage[] = [];
  onload: () => void = () => undefined;
  onerror: () => void = () => undefined;
  src = '';
  constructor() {
    PlayedImage.made.push(this);
  }
}
afterEach(() => {
  PlayedImage.made = [];
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('asks again for what did not come as soon as the hub is reached again', () => {
  vi.stubGlobal('Image', PlayedImage);
  const pictures = new MinutePictures();
  pictures.want(['/heatmaps/DEMO/1000.jpg']);
  PlayedImage.made[0]?.onerror();
  expect(pictures.isMissing('/heatmaps/DEMO/1000.jpg')).toBe(true);

  pictures.retry();
  expect(pictures.isMissing('/heatmaps/DEMO/1000.jpg')).toBe(false);
  PlayedImage.made[1]?.onload();
  expect(pictures.find('/heatmaps/DEMO/1000.jpg')).toBe(PlayedImage.made[1]);
});

it('asks again by itself for what is wanted and did not come, until nobody shows it', () => {
  vi.useFakeTimers();
  vi.stubGlobal('Image', PlayedImage);
  const pictures = new MinutePictures();
  pictures.want(['/heatmaps/DEMO/1000.jpg']);
  PlayedImage.made[0]?.onerror();

  vi.advanceTimersByTime(9_000);
  expect(PlayedImage.made).toHaveLength(1);
  vi.advanceTimersByTime(2_000);
  expect(PlayedImage.made).toHaveLength(2);
  PlayedImage.made[1]?.onerror();

  pictures.end();
  vi.advanceTimersByTime(60_000);
  expect(PlayedImage.made).toHaveLength(2);
});
