// @vitest-environment happy-dom
// Zones, boxes and regions are drawn over pictures, never over what is still on its way.

import { cleanup } from '@testing-library/svelte';
import { afterEach, expect, it, vi } from 'vitest';
import { pictures } from '../../../dev/browser';
import { read, show } from '../../../dev/alone';
import Stage from '../Stage.svelte';
import { device, settingsOf } from './case';

afterEach(() => {
  cleanup();
  pictures.arrive = true;
  vi.unstubAllGlobals();
});

it('draws the zones once the first picture is there', async () => {
  pictures.arrive = false;
  const zones = settingsOf('yard').zones ?? [];
  const shown = show(Stage, { device: device('yard'), rois: [], zones, thermal: null });
  const looked = new Promise((done) => setTimeout(done, 300));
  await looked;
  expect(read(shown)).toContain('Loading…');
  expect(read(shown)).not.toContain('Ramp');

  pictures.arrive = true;

  await vi.waitFor(() => expect(read(shown)).toContain('Ramp · restricted'), 5000);
});
