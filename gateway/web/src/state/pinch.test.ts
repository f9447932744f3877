import { expect, it } from 'vitest';
import { Pinch } from './pinch';

const finger = (pointerId: number, clientX: number, pointerType = 'touch') => ({ pointerId, clientX, pointerType });

it('goes a step closer or farther each time two fingers have moved half as far again', () => {
  const zoomed: number[] = [];
  const pinch = new Pinch((by) => zoomed.push(by));

  expect(pinch.down(finger(1, 100))).toBe(false);
  expect(pinch.move(finger(1, 180))).toBe(false);
  pinch.move(finger(1, 100));
  expect(pinch.down(finger(2, 200))).toBe(true);
  for (const x of [210, 260, 300, 330]) expect(pinch.move(finger(2, x))).toBe(true);
  pinch.move(finger(2, 160));
  pinch.up(finger(2, 160));

  expect(zoomed).toEqual([1, -1]);
  expect(pinch.down(finger(3, 0, 'mouse'))).toBe(false);
});
