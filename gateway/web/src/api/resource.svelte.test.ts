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

it.each([
  ['is not ready', () => Promise.resolve(Response.json({ detail: 'busy' }, { status: 503 }))],
  ['is behind a proxy that answers with a page', () => Promise.resolve(new Response('<html>Sign in</html>'))],
  ['is out of reach', () => Promise.reject(new TypeError('Failed to fetch'))],
])('is asked for again by itself where the hub %s, less often each time', async (_, failing) => {
  const answered = fetch;
  const tries: number[] = [];
  vi.stubGlobal('fetch', () => {
    tries.push(performance.now());
    return tries.length < 4 ? failing() : answered('');
  });
  const made: Resource<unknown>[] = [];
  const stop = $effect.root(() => void made.push(new Resource(() => '/api/v1/incidents')));
  flushSync();
  await vi.advanceTimersByTimeAsync(2000);
  expect(made[0]?.error).not.toBeNull();

  await vi.advanceTimersByTimeAsync(200_000);
  expect(tries.map((at) => Math.round((at - (tries[0] ?? 0)) / 1000))).toEqual([0, 3, 9, 21]);
  expect([made[0]?.error, made[0]?.data]).toEqual([null, { incidents: [] }]);
  stop();
});

it('is not asked for again where it is refused, or shown no more', async () => {
  vi.stubGlobal('fetch', () => {
    asked += 1;
    return Promise.resolve(Response.json({ detail: 'no' }, { status: asked === 1 ? 400 : 503 }));
  });
  const refusedOnce = $effect.root(() => void new Resource(() => '/api/v1/incidents'));
  flushSync();
  await vi.advanceTimersByTimeAsync(200_000);
  expect(asked).toBe(1);
  refusedOnce();

  const left = $effect.root(() => void new Resource(() => '/api/v1/alerts'));
  flushSync();
  await vi.advanceTimersByTimeAsync(1000);
  left();
  await vi.advanceTimersByTimeAsync(200_000);
  expect(asked).toBe(2);
});
