import { describe, expect, it } from 'vitest';
import type { Level } from '../api/api';
import {
  conditionTone,
  conditionWord,
  decibels,
  levelRank,
  peopleWord,
  percent,
  reasonWord,
  streamWord,
} from './words';

describe('the reason of a device', () => {
  it('is a sentence', () => {
    expect(reasonWord('no data for 10 s')).toBe('No data for 10 s');
  });

  it('is nothing where none was given', () => {
    expect(reasonWord(undefined)).toBe('');
    expect(reasonWord(null)).toBe('');
  });

  it('stays as it is', () => {
    expect(reasonWord('20% of what it sent in the last minute was damaged and is missing')).toBe(
      '20% of what it sent in the last minute was damaged and is missing',
    );
  });
});

describe('the condition of a device', () => {
  it('is named by the worst that is open', () => {
    expect(conditionWord('critical', ['hot_spot', 'freeze'])).toBe('Hot spot');
    expect(conditionTone('critical')).toBe('crit');
    expect(conditionTone('warning')).toBe('warn');
    expect(conditionWord('offline', ['offline'])).toBe('Offline');
  });

  it('is never well where nobody knows', () => {
    expect(conditionWord('unknown')).toBe('No data yet');
    expect(conditionTone('unknown')).toBe('unknown');
    expect(conditionTone(undefined)).toBe('unknown');
    expect(conditionWord('ok')).toBe('Healthy');
  });
});

describe('what nobody measured', () => {
  it('is a dash, never nothing and never silence', () => {
    expect([percent(null), percent(undefined), percent(0)]).toEqual(['–', '–', '0%']);
    expect([decibels(null), decibels(undefined), decibels(-24)]).toEqual(['–', '–', '-24.0 dB']);
  });
});

describe('people', () => {
  it('are counted in words', () => {
    expect([0, 1, 2].map(peopleWord)).toEqual(['Nobody', '1 person', '2 people']);
  });
});

describe('sound', () => {
  it('that has no level is silence, not a number', () => {
    expect(decibels(-100)).toBe('Silent');
  });
});

describe('the video of a device', () => {
  it('is told as far as it is known', () => {
    expect(
      streamWord({ width: 1920, height: 1080, fps: 14.985, analysis_fps: 5, codec: null, clock_error_s: null }),
    ).toBe('1920 × 1080 · 15 pictures/s');
    expect(streamWord({ width: 0, height: 0, fps: 0, analysis_fps: null, codec: null, clock_error_s: null })).toBe('');
    expect(streamWord(undefined)).toBe('');
  });
});

describe('alerts', () => {
  it('are ordered by level', () => {
    const levels: Level[] = ['warning', 'critical', 'info', 'error'];

    expect(levels.sort((a, b) => levelRank(a) - levelRank(b))).toEqual(['critical', 'error', 'warning', 'info']);
  });
});
