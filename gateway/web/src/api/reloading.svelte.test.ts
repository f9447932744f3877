// @vitest-environment happy-dom
import { flushSync } from 'svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import '../../dev/browser';
import type { EventName, Recorded } from './api';
import { live } from './live.svelte';
import { reloadWith } from './reloading.svelte';

type Listener = Parameters<typeof live.listen>[0];

/** Who listens to live events, by a device that can be changed, and how often was asked again. */
function listening() {
  const listeners = new Set<Listener>();
  vi.spyOn(live, 'listen').mockImplementation((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  });
  let device = $state('yard');
  const reload = vi.fn();
  const stop = $effect.root(() => reloadWith('motion', () => `/sites/DEMO/devices/${device}`, { reload }));
  flushSync();
  const come = (type: EventName, of: string): void =>
    listeners.forEach((listener) => listener({ event: { source: `/sites/DEMO/devices/${of}` } } as Recorded, type));
  return {
    come,
    reload,
    listeners,
    stop,
    show: (next: string) => {
      device = next;
      flushSync();
    },
  };
}

afterEach(() => vi.restoreAllMocks());

describe('what an event changes', () => {
  it('is asked for again with each of its type and source, and with no other', () => {
    const { come, reload, stop } = listening();
    come('motion', 'yard');
    come('motion', 'gate');
    come('detection', 'yard');

    expect(reload).toHaveBeenCalledTimes(1);
    stop();
  });

  it('follows the device that is shown, and ends with its component', () => {
    const { come, reload, stop, show, listeners } = listening();
    show('gate');
    come('motion', 'yard');
    expect(reload).not.toHaveBeenCalled();
    come('motion', 'gate');
    expect(reload).toHaveBeenCalledTimes(1);

    stop();
    expect(listeners.size).toBe(0);
  });
});
