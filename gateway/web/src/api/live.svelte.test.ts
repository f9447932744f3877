// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

class Stream extends EventTarget {
  static readonly CLOSED = 2;
  static all: Stream[] = [];
  readyState = 0;
  constructor(readonly url: string) {
    super();
    Stream.all.push(this);
  }
  close(): void {
    this.readyState = Stream.CLOSED;
  }
  say(name: string, lastEventId = ''): void {
    this.dispatchEvent(new MessageEvent(name, { data: '{"position":7}', lastEventId }));
  }
}
const newest = (): Stream => Stream.all.at(-1) as Stream;

async function opened() {
  const { live } = await import('./live.svelte');
  live.follow('DEMO', ['alert']);
  newest().say('open');
  return live;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetModules();
  Stream.all = [];
  vi.stubGlobal('EventSource', Stream);
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ sites: [], signed_in: true })));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('opens a stream anew that has said nothing for long, though the hub answers', async () => {
  const live = await opened();
  for (let beat = 0; beat < 6; beat += 1) {
    await vi.advanceTimersByTimeAsync(15_000);
    newest().say('head', '7');
  }
  expect(Stream.all).toHaveLength(1);

  await vi.advanceTimersByTimeAsync(45_000);
  expect(Stream.all.length).toBeGreaterThan(1);
  expect(newest().url).toContain('after=7');
  expect(live.generation).toBe(0);
});

it('asks for everything again after a sleep, in which no timer runs', async () => {
  const live = await opened();
  vi.setSystemTime(Date.now() + 3_600_000);
  await vi.advanceTimersByTimeAsync(5000);

  expect(Stream.all).toHaveLength(2);
  expect(newest().url).not.toContain('after=');
  expect(live.generation).toBe(1);
});

it('asks for everything again after the clock was set back', async () => {
  const live = await opened();
  vi.setSystemTime(Date.now() - 3_600_000);
  await vi.advanceTimersByTimeAsync(5000);

  expect(Stream.all).toHaveLength(2);
  expect(live.generation).toBe(1);
});

it('asks for nothing while somebody has to sign in, and then goes on', async () => {
  const live = await opened();
  live.suspend();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(Stream.all).toHaveLength(1);

  live.proceed();
  expect(Stream.all).toHaveLength(2);
  expect(live.generation).toBe(1);
});

it('asks for everything again when the network is back, also where nothing cut its stream', async () => {
  const live = await opened();
  dispatchEvent(new Event('offline'));
  expect(live.broken).toBe(true);
  dispatchEvent(new Event('online'));
  newest().say('open');

  expect([live.broken, live.generation]).toEqual([false, 1]);
  dispatchEvent(new Event('online'));
  newest().say('open');
  expect(live.generation).toBe(1);
});
