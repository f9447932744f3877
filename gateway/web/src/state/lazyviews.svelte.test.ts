import type { Component } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import { LazyViews } from './lazyviews.svelte';

const wall = (() => ({})) as unknown as Component;
const alerts = (() => ({})) as unknown as Component;

describe('views whose code comes later', () => {
  it('are loaded once, when they are opened', async () => {
    const load = vi.fn(() => Promise.resolve({ default: alerts }));
    const views = new LazyViews({ wall }, { alerts: load });

    expect(views.of('wall')).toBe(wall);
    expect(views.of('alerts')).toBeUndefined();
    await views.load('alerts');
    await views.load('alerts');

    expect(views.of('alerts')).toBe(alerts);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('say that they could not be loaded, and can be tried again', async () => {
    const load = vi.fn(() => Promise.resolve({ default: alerts }));
    load.mockRejectedValueOnce(new TypeError('Failed to fetch'));
    const views = new LazyViews({ wall }, { alerts: load });

    await views.load('alerts');
    expect(views.hasFailed('alerts')).toBe(true);
    await views.load('alerts');

    expect(views.hasFailed('alerts')).toBe(false);
    expect(views.of('alerts')).toBe(alerts);
  });
});
