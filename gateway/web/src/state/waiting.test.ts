import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nextEvent, rest } from './waiting';

/** A signal that knows who still listens to it. */
function watched(): { stopping: AbortController; listening: () => number } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  const listeners = new Set<unknown>();
  signal.addEventListener = (...given: Parameters<typeof add>) => (listeners.add(given[1]), add(...given));
  signal.removeEventListener = (...given: Parameters<typeof remove>) => (listeners.delete(given[1]), remove(...given));
  return { stopping, listening: () => listeners.size };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a rest', () => {
  it('leaves nothing on a signal that lives on', async () => {
    const { stopping, listening } = watched();
    for (let round = 0; round < 3; round += 1) {
      const rested = rest(1000, stopping.signal);
      await vi.advanceTimersByTimeAsync(1000);
      await rested;
    }
    expect(listening()).toBe(0);
  });

  it('ends with its signal', async () => {
    const { stopping, listening } = watched();
    const rested = rest(60_000, stopping.signal);
    stopping.abort();
    await rested;
    expect(listening()).toBe(0);
    await rest(60_000, stopping.signal);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the wait for an event', () => {
  it('leaves nothing on the target or on a signal that lives on', async () => {
    const { stopping, listening } = watched();
    const target = new EventTarget();
    const forgotten = vi.spyOn(target, 'removeEventListener');
    for (let round = 0; round < 3; round += 1) {
      const came = nextEvent(target, 'updateend', stopping.signal);
      target.dispatchEvent(new Event('updateend'));
      await came;
    }
    expect(listening()).toBe(0);
    expect(forgotten).toHaveBeenCalledTimes(3);
  });

  it('is refused once its signal is aborted', async () => {
    const { stopping, listening } = watched();
    const came = nextEvent(new EventTarget(), 'updateend', stopping.signal);
    stopping.abort();
    await expect(came).rejects.toThrow('stopped');
    await expect(nextEvent(new EventTarget(), 'updateend', stopping.signal)).rejects.toThrow('stopped');
    expect(listening()).toBe(0);
  });
});
