// What a device is expected to send, in words, and the silence after which it is offline.

import { span } from './time';
import type { Device, Expectation } from '../api/api';

export const EXPECTATIONS: { value: Expectation; word: string }[] = [
  { value: 'frames', word: 'Pictures, all the time' },
  { value: 'readings', word: 'Readings, all the time' },
  { value: 'heartbeat', word: 'Signs of life' },
  { value: 'nothing', word: 'Nothing: it reports when something happens' },
];

export const expectationWord = (expects: Expectation | null): string =>
  EXPECTATIONS.find((one) => one.value === expects)?.word ?? 'What it says itself';

/** When a device counts as offline; one that reports when something happens does not, unless somebody wants it to. */
export function silenceWord({ expects, silent_after_s: after }: Pick<Device, 'expects' | 'silent_after_s'>): string {
  if (after > 0) return `Offline after ${span(after)} of silence`;
  return expects === 'nothing' ? 'Silence is normal' : 'Offline as the alert rules say';
}
