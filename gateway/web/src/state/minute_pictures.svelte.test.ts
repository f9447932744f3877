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
afterEach(() => vi.unstubAllGlobals());

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
