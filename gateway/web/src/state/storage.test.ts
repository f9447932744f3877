// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from 'vitest';
import { arrangementFrom } from './prefs.svelte';
import { storage } from './storage';

afterEach(() => {
  vi.unstubAllGlobals();
});

it('remembers as long as the page is open where the browser may keep nothing', () => {
  const forbidden = (): never => {
    throw new DOMException('denied', 'SecurityError');
  };
  vi.stubGlobal('localStorage', { getItem: forbidden, setItem: forbidden, removeItem: forbidden });

  storage.set('operator', 'Mara');
  expect(storage.get('operator')).toBe('Mara');
  storage.remove('operator');
  expect(storage.get('operator')).toBeNull();
});

it('takes no arrangement of the wall that is none', () => {
  for (const text of ['', 'null', '3', '"tiles"', '{', '[1]', '{"layout":7}'])
    expect(arrangementFrom(text)).toEqual({});
  expect(arrangementFrom('{"layout":"list"}')).toEqual({ layout: 'list' });
});

it('reads what was written last where the browser had no room for what was written before', () => {
  const kept = new Map<string, string>();
  let isFull = true;
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => {
      if (isFull) throw new DOMException('full', 'QuotaExceededError');
      kept.set(key, value);
    },
    removeItem: (key: string) => kept.delete(key),
  });

  storage.set('operator', 'Mara');
  isFull = false;
  storage.set('operator', 'Ines');
  expect(storage.get('operator')).toBe('Ines');
});
