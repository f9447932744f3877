// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest';
import '../../dev/browser';
import { ApiError } from '../api/api';
import { prefs } from './prefs.svelte';
import { Sending } from './sending.svelte';

it('is busy while what was sent is on its way', async () => {
  const sending = new Sending();
  let answer: (text: string) => void = () => undefined;

  const sent = sending.run(() => new Promise<string>((resolve) => (answer = resolve)));
  expect(sending.busy).toBe(true);
  answer('done');

  expect(await sent).toBe('done');
  expect([sending.busy, sending.problem]).toEqual([false, '']);
});

it('says why something was refused, until it is sent again', async () => {
  const sending = new Sending();

  expect(await sending.run(() => Promise.reject(new ApiError(409, 'the export is done')))).toBeUndefined();
  expect(sending.problem).toBe('The export is done');
  expect(sending.busy).toBe(false);
  await sending.run(() => Promise.resolve(1));
  expect(sending.problem).toBe('');
});

it('raises what is no problem of the request', async () => {
  const sending = new Sending();

  await expect(sending.run(() => Promise.reject(new RangeError('a bug')))).rejects.toThrow('a bug');
  expect(sending.busy).toBe(false);
});

it('sends nothing that nobody signs, and remembers who signs', async () => {
  const sending = new Sending();
  const send = vi.fn((by: string) => Promise.resolve(by));

  expect(await sending.sign('  ', send)).toBeUndefined();
  expect(sending.problem).toBe('Say who you are, so that the others know');
  expect(send).not.toHaveBeenCalled();

  expect(await sending.sign(' Mara ', send)).toBe('Mara');
  expect(prefs.operator).toBe('Mara');
});
