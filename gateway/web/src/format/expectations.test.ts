import { expect, test } from 'vitest';
import { expectationWord, silenceWord } from './expectations';

test('what nobody has said is what the device says itself', () => {
  expect(expectationWord(null)).toBe('What it says itself');
  expect(expectationWord('frames')).toBe('Pictures, all the time');
});

test('a device that reports when something happens is missed only where somebody wants it to be', () => {
  expect(silenceWord({ expects: 'nothing', silent_after_s: 0 })).toBe('Silence is normal');
  expect(silenceWord({ expects: 'nothing', silent_after_s: 3600 })).toMatch(/^Offline after 1 h/);
  expect(silenceWord({ expects: 'frames', silent_after_s: 0 })).toBe('Offline as the alert rules say');
});
