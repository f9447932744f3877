import { expect, it } from 'vitest';
import { BarGesture, type BarActions } from './bar_gesture.svelte';

/** A bar on which a pixel is a second, and all that was done with it. */
function bar(chooses = false): { gesture: BarGesture; done: string[] } {
  const done: string[] = [];
  const actions: BarActions = {
    place: (clientX, clientY) => ({ x: clientX - 10, y: clientY - 500 }),
    momentAt: (x) => x * 1000,
    capture: (id) => done.push(`capture ${id}`),
    chooses: (shiftKey) => chooses || shiftKey,
    scrub: (at) => done.push(`scrub ${at}`),
    settle: () => done.push('settle'),
    draw: (from, to) => done.push(`draw ${from} ${to}`),
    choose: () => done.push('choose'),
    zoom: (by) => done.push(`zoom ${by}`),
    released: () => done.push('released'),
  };
  return { gesture: new BarGesture(actions), done };
}

const pointer = (clientX: number, given: Partial<PointerEvent> = {}) => ({
  button: 0,
  pointerId: 1,
  pointerType: 'mouse',
  clientX,
  clientY: 520,
  shiftKey: false,
  target: null,
  ...given,
});

it('moves the handle while it is dragged, and settles it when it is let go', () => {
  const { gesture, done } = bar();

  gesture.grab(pointer(40));
  gesture.move(pointer(60));
  expect([gesture.dragging, gesture.hover, gesture.y]).toEqual([true, 50_000, 20]);
  gesture.lift(pointer(60));

  expect(done).toEqual(['capture 1', 'scrub 30000', 'scrub 50000', 'settle', 'released']);
  expect(gesture.dragging).toBe(false);
});

it('says what is under a mouse that only passes, and nothing of a finger', () => {
  const { gesture, done } = bar();

  gesture.move(pointer(40));
  expect(gesture.hover).toBe(30_000);
  gesture.leave();
  expect(gesture.hover).toBeNull();
  gesture.move(pointer(40, { pointerType: 'touch' }));
  expect(gesture.hover).toBeNull();
  expect(done).toEqual([]);
});

it('draws a range with Shift, or where one is to be chosen', () => {
  for (const [{ gesture, done }, shiftKey] of [
    [bar(), true],
    [bar(true), false],
  ] as const) {
    gesture.grab(pointer(40, { shiftKey }));
    gesture.move(pointer(90));
    gesture.lift(pointer(90));

    expect(done).toEqual(['capture 1', 'draw 30000 80000', 'choose', 'released']);
  }
});

it('leaves links and other buttons alone', () => {
  const { gesture, done } = bar();
  const link = { closest: () => ({}) } as unknown as Element;

  gesture.grab(pointer(40, { target: link }));
  gesture.grab(pointer(40, { button: 2 }));

  expect(done).toEqual([]);
  expect(gesture.dragging).toBe(false);
});

it('zooms with two fingers, and what the first one began is over', () => {
  const { gesture, done } = bar();
  const touch = (pointerId: number, clientX: number) => pointer(clientX, { pointerId, pointerType: 'touch' });

  gesture.grab(touch(1, 100));
  gesture.grab(touch(2, 200));
  expect(gesture.dragging).toBe(false);
  gesture.move(touch(2, 300));

  expect(done).toEqual(['capture 1', 'scrub 90000', 'capture 2', 'settle', 'released', 'zoom 1']);
});

it('takes a step for each whole turn of the wheel, and none across or with Ctrl', () => {
  const { gesture, done } = bar();
  let kept = 0;
  const turn = (deltaY: number, given: { deltaX?: number; ctrlKey?: boolean } = {}): void =>
    gesture.turn({ deltaX: 0, ctrlKey: false, preventDefault: () => (kept += 1), deltaY, ...given });

  for (const deltaY of [-40, -30, 30, 20, 30]) turn(deltaY);
  turn(100, { deltaX: 200 });
  turn(100, { ctrlKey: true });

  expect(done).toEqual(['zoom 1', 'zoom -1']);
  expect(kept).toBe(5);
});
