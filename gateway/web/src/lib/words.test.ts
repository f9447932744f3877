import { describe, expect, it } from 'vitest';
import { reasonWord } from './words';

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
