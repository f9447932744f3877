// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from 'vitest';
import { HOUR } from '../format/time';
import { sprites } from './sprites.svelte';

const hour = Date.UTC(2026, 0, 5, 10);
const SECOND = 1000;

function answering(answer: () => Response): string[] {
  const asked: string[] = [];
  vi.stubGlobal('createImageBitmap', () => Promise.resolve({ width: 1600, height: 540, close: () => undefined }));
  vi.stubGlobal('fetch', (address: string) => {
    asked.push(address);
    return new Promise((resolve) => resolve(answer()));
  });
  return asked;
}
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('finds the picture nearest to a moment in its place on the sheet, with one request', async () => {
  const asked = answering(() => new Response('JPEG', { headers: { 'x-tile-times': '2, 62.5, 725' } }));
  const at = (seconds: number) => sprites.at('DEMO', 'yard', hour + seconds * SECOND);

  expect(at(3)).toBeNull();
  await vi.waitFor(() => expect(at(3)?.time).toBe(hour + 2 * SECOND));
  expect(at(40)).toMatchObject({ time: hour + 62_500, x: 160, y: 0, width: 160, height: 90 });
  expect(at(700)).toMatchObject({ time: hour + 725_000, x: 320, y: 90 });
  expect(at(400)).toBeNull();
  expect(asked).toEqual(['/api/v1/sites/DEMO/devices/yard/sprites/2026-01-05/10.jpg?or_none=true']);
});

it('asks once for an hour without a picture', async () => {
  const asked = answering(() => new Response(null, { status: 204 }));

  expect(sprites.at('DEMO', 'gate', hour)).toBeNull();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  expect(sprites.at('DEMO', 'gate', hour)).toBeNull();
  expect(asked).toHaveLength(1);
});

it('asks again after a while for a sheet that did not come', async () => {
  vi.useFakeTimers({ now: hour + 5 * HOUR });
  let isAway = true;
  const asked = answering(() => {
    if (isAway) throw new TypeError('out of reach');
    return new Response('JPEG', { headers: { 'x-tile-times': '2' } });
  });
  const find = () => sprites.at('DEMO', 'lane', hour + 2 * SECOND);

  find();
  await vi.advanceTimersByTimeAsync(5 * SECOND);
  isAway = false;
  expect(find()).toBeNull();
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(6 * SECOND);
  find();
  await vi.advanceTimersByTimeAsync(0);
  expect(find()?.time).toBe(hour + 2 * SECOND);
  expect(asked).toHaveLength(2);
});

it('keeps the pictures of the hour that goes on while newer ones do not come', async () => {
  vi.useFakeTimers({ now: hour + 600 * SECOND });
  let isAway = false;
  const asked = answering(() => {
    if (isAway) throw new TypeError('out of reach');
    return new Response('JPEG', { headers: { 'x-tile-times': '2' } });
  });
  const find = () => sprites.at('DEMO', 'dock', hour + 2 * SECOND);

  find();
  await vi.advanceTimersByTimeAsync(61 * SECOND);
  isAway = true;
  expect(find()?.time).toBe(hour + 2 * SECOND);
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toHaveLength(2);
  expect(find()?.time).toBe(hour + 2 * SECOND);
});
