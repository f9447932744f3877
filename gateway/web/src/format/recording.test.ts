import { describe, expect, it } from 'vitest';
import { MODES, WEEKDAYS, hasHours, hasRolls, modeWord, pauseWord } from './recording';

describe('the words of recording', () => {
  it('every mode has words of its own', () => {
    expect(new Set(MODES.map(modeWord)).size).toBe(MODES.length);
    expect(modeWord('from_a_newer_agent')).toBe('from_a_newer_agent');
  });
  it('a pause says why nothing was recorded', () => {
    expect(pauseWord('schedule')).toBe('Not recorded by schedule');
    expect(pauseWord(null)).toBe('Not recorded');
  });
  it('only modes with hours ask for them, and only those with clips for their length', () => {
    expect(MODES.filter(hasHours)).toEqual(['schedule', 'motion_in_schedule']);
    expect(MODES.filter(hasRolls)).toEqual(['continuous', 'motion', 'motion_in_schedule']);
    expect(WEEKDAYS.map(([day]) => day)).toHaveLength(7);
  });
});
