import { describe, expect, it } from 'vitest';
import type { Level } from './api';
import { conditionTone, conditionWord, decibels, levelRank, percent, reasonWord } from './words';

describe('the reason of a device', () => {
  it('leaves the address of its camera out', () => {
    expect(reasonWord('rtsp://192.0.2.1:554/stream1: no data for 10 s')).toBe('No data for 10 s');
    expect(reasonWord('http://192.0.2.1/video has ended the stream')).toBe('Has ended the stream');
  });

  it('is nothing where none was given', () => {
    expect(reasonWord(undefined)).toBe('');
    expect(reasonWord(null)).toBe('');
  });

  it('stays as it is without an address', () => {
    expect(reasonWord('20% of what it sent in the last minute was damaged and is missing')).toBe('20% of what it sent in the last minute was damaged and is missing');
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

describe('alerts', () => {
  it('are ordered by level', () => {
    const levels: Level[] = ['warning', 'critical', 'info', 'error'];

    expect(levels.sort((a, b) => levelRank(a) - levelRank(b))).toEqual(['critical', 'error', 'warning', 'info']);
  });
});
