// @vitest-environment happy-dom
import { flushSync } from 'svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import '../../dev/browser';
import { Resource } from './resource.svelte';

let asked = 0;

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
  vi.stubGlobal('fetch', () => {
    asked += 1;
    return Promise.resolve(Response.json({ incidents: [] }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it.each([3_600_000, 0, -3_600_000])('is asked for again at once when the clock was set by %i ms', async (step) => {
  let reload = (): void => undefined;
  const stop = $effect.root(() => void ({ reload } = new Resource(() => '/api/v1/incidents')));
  flushSync();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toBe(1);

  vi.setSystemTime(Date.now() + step);
  reload();
  await vi.advanceTimersByTimeAsync(1000);

  expect(asked).toBe(2);
  stop();
});
