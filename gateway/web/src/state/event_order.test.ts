import { expect, it } from 'vitest';
import type { Recorded } from '../api/api';
import { newestFirst } from './event_order';

const arrived = (position: number, time: string): Recorded =>
  ({ position, event: { type: 'watchpost.segment.v1', time } }) as unknown as Recorded;

it('orders events by the time that is shown, also where they arrived late', () => {
  const log = [
    arrived(9, '2026-01-05T22:51:46.000Z'),
    arrived(8, '2026-01-05T22:51:59.500Z'),
    arrived(7, '2026-01-05T22:51:53Z'),
    arrived(6, '2026-01-05T22:51:53.000Z'),
  ];

  expect(newestFirst(log).map((one) => one.position)).toEqual([8, 7, 6, 9]);
  expect(log[0]?.position).toBe(9);
});
