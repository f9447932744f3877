// @vitest-environment happy-dom
import { flushSync } from 'svelte';
import { expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../format/time';
import { BarWindow } from './bar_window.svelte';

const midnight = Date.UTC(2026, 0, 5);
const noon = midnight + 12 * HOUR;

/** A bar over one day, and what the person does with it. */
function bar(reach: number, at: number) {
  let view = $state.raw({ reach, at, isLive: false, isDragging: false });
  let window: BarWindow | undefined;
  const end = $effect.root(() => {
    window = new BarWindow({
      reach: () => view.reach,
      at: () => view.at,
      isLive: () => view.isLive,
      isDragging: () => view.isDragging,
      whole: () => ({ from: midnight, to: midnight + DAY }),
    });
  });
  flushSync();
  return {
    end,
    change: (changes: Partial<typeof view>) => {
      view = { ...view, ...changes };
      flushSync();
    },
    letGo: () => {
      window?.letGo();
      flushSync();
    },
    get shown() {
      return window?.shown;
    },
  };
}

it('leaves the handle where it stands when another reach is chosen', () => {
  const one = bar(DAY, noon);

  expect(one.shown).toEqual({ from: midnight, to: midnight + DAY });
  one.change({ reach: 6 * HOUR });
  expect(one.shown).toEqual({ from: noon - 3 * HOUR, to: noon + 3 * HOUR });
  one.change({ reach: HOUR });
  expect(one.shown).toEqual({ from: noon - HOUR / 2, to: noon + HOUR / 2 });
  one.end();
});

it('stays while the handle moves within it, and goes along with one that leaves it', () => {
  const one = bar(HOUR, noon);
  const { from } = one.shown ?? { from: 0 };

  one.change({ at: noon + 20 * MINUTE });
  expect(one.shown?.from).toBe(from);
  one.change({ at: noon + 2 * HOUR });
  expect(one.shown).toEqual({ from: noon + 1.5 * HOUR, to: noon + 2.5 * HOUR });
  one.end();
});

it('gives a handle that is let go at an edge room to go on', () => {
  const one = bar(HOUR, noon);
  const { to } = one.shown ?? { to: 0 };

  one.change({ isDragging: true, at: to });
  one.change({ isDragging: false });
  one.letGo();

  expect(one.shown).toEqual({ from: to - HOUR / 2, to: to + HOUR / 2 });
  one.end();
});

it('ends at the end of the day while it is now', () => {
  const one = bar(HOUR, noon);

  one.change({ isLive: true, at: midnight + DAY });

  expect(one.shown).toEqual({ from: midnight + DAY - HOUR, to: midnight + DAY });
  one.end();
});
