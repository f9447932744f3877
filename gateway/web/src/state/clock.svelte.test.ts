// @vitest-environment happy-dom
import { flushSync } from 'svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const sources = import.meta.glob<string>('../{components,views}/**/*.svelte', {
  query: '?raw',
  import: 'default',
  eager: true,
});

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('has a minute that changes once a minute, with the day', async () => {
  vi.setSystemTime(new Date('2026-01-05T22:58:30Z'));
  const { ticker } = await import('./clock.svelte');
  document.dispatchEvent(new Event('visibilitychange'));
  const seen: string[] = [];
  const stop = $effect.root(() => {
    $effect(() => void seen.push(new Date(ticker.minute).toISOString().slice(11, 16)));
  });
  for (let second = 0; second < 120; second += 1) {
    vi.advanceTimersByTime(1000);
    flushSync();
  }
  expect(seen).toEqual(['22:58', '22:59', '23:00']);
  stop();
});

// A list of a thousand incidents was drawn anew every second for the word "Today".
it('names days by the minute, in every list', () => {
  const bySecond = Object.entries(sources)
    .filter(([, source]) => /\b(stamp|dayWord|dateIn)\([^;{}]*?ticker\.now/.test(source))
    .map(([file]) => file);

  expect(Object.keys(sources).length).toBeGreaterThan(50);
  expect(bySecond).toEqual([]);
});
