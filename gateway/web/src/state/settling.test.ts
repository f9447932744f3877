import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Settling } from './settling.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function recorded(): { of: Settling<number>; values: number[] } {
  const values: number[] = [];
  return { of: new Settling<number>(150, 450, (value) => values.push(value)), values };
}

describe('what moves', () => {
  it('is acted on once it rests, and only its last value', () => {
    const { of, values } = recorded();
    of.move(1);
    vi.advanceTimersByTime(100);
    of.move(2);
    vi.advanceTimersByTime(149);
    expect(values).toEqual([]);
    vi.advanceTimersByTime(1);

    expect(values).toEqual([2]);
  });

  it('is acted on while it goes on moving, now and then', () => {
    const { of, values } = recorded();
    for (let i = 0; i < 10; i++) {
      of.move(i);
      vi.advanceTimersByTime(100);
    }

    expect(values).toEqual([4, 9]);
  });

  it('is acted on at once when somebody decides, and not again', () => {
    const { of, values } = recorded();
    of.move(1);
    of.now(2);
    vi.advanceTimersByTime(1000);

    expect(values).toEqual([2]);
  });

  it('is let go', () => {
    const { of, values } = recorded();
    of.move(1);
    of.stop();
    vi.advanceTimersByTime(1000);

    expect(values).toEqual([]);
  });
});
