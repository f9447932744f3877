import { expect, test } from 'vitest';
import { expectationWord, silenceWord } from './expectations';

test('what nobody has said is what the device says itself', () => {
  expect(expectationWord(null)).toBe('What it says itself');
  expect(expectationWord('frames')).toBe('Pictures, all the time');
});

test('a device that reports when something happens is missed only where somebody wants it to be', () => {
  expect(silenceWord({ expects: 'nothing', silent_after_s: 0 })).toBe('Never missed');
  expect(silenceWord({ expects: 'nothing', silent_after_s: 3600 })).toMatch(/^Missed after 1 h/);
  expect(silenceWord({ expects: 'frames', silent_after_s: 0 })).toBe('Missed as the alert rules say');
});
