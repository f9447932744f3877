import { describe, expect, it } from 'vitest';
import { INCIDENT_WORDS } from '../api/contract';
import { alertSentence, detailLines, incidentSentence } from './sentences';

const nameOf = (id: string): string => ({ gate: 'North gate', dock: 'Loading dock' })[id] ?? id;
const worded = (type: string, details: Record<string, unknown>, message = ''): string =>
  alertSentence({ type, message, details }, nameOf);

describe('what an alert says', () => {
  it.each([
    ['device_offline', { reason: 'connection lost' }, 'Connection lost'],
    ['device_offline', {}, 'Nothing was received'],
    ['node_offline', { devices: ['gate', 'dock'] }, 'With it North gate, Loading dock'],
    ['hot_spot', { max_temp: 87.94, regions: ['tank'] }, '87.9 °C measured in tank'],
    ['hot_spot', {}, '– measured'],
    ['hot_spot', { max_temp: 87.9, worst: 97.06 }, '87.9 °C measured, at most 97.1'],
    [
      'temperature_difference',
      { value: 16, worst: 16.02, regions: ['L2'] },
      'L2 is 16.0 °C warmer than the others of its group',
    ],
    ['temperature_rise', { value: 6.2, regions: ['full_frame'] }, 'The whole picture rises by 6.2 °C a minute'],
    ['freeze', { share: 0.933, window_s: 30 }, '93 % of the pictures of 30 s were all the same'],
    ['blackscreen', {}, 'Its picture is black'],
    [
      'storage_low',
      { percent: 86.2, free_bytes: 12e9 },
      'The disk was 86 % full when that was raised, with 12.0 GB free',
    ],
    ['clock_wrong', { ahead_s: 600 }, 'Its clock is 10 min ahead'],
    ['clock_wrong', { ahead_s: -600 }, 'Its clock is 10 min behind'],
    ['memory_low', { value: 97 }, 'Its machine uses 97 % of its memory'],
    ['cpu_hot', { value: 84.26 }, 'The processor of its machine has 84.26 °C'],
    ['link_slow', { value: 7.5 }, 'The broker answers it after 7.5 s'],
    ['hub_deaf', { deaf_s: 32 }, 'The hub received nothing for 32 s'],
  ])('%s with %j', (type, details, sentence) => expect(worded(type, details)).toBe(sentence));

  it.each(Object.keys(INCIDENT_WORDS))('an incident of type %s has a sentence', (type) => {
    const reason = 'it failed';
    expect(incidentSentence({ type, details: { reason } }, nameOf)).not.toBe('');
  });

  it('says that it was known late', () => {
    expect(worded('freeze', { late_s: 90 })).toBe('Its picture does not change (known 1 min 30 s late)');
  });

  it('is the sentence of the hub where its type is younger than the page', () => {
    expect(worded('flood', {}, 'The cellar is wet')).toBe('The cellar is wet');
    expect(worded('flood', { reason: 'pump failed' }, 'The cellar is wet')).toBe('Pump failed');
  });
});

describe('the figures of an alert', () => {
  it.each([
    [
      'hot_spot',
      { max_temp: 87.94, worst: 97.06, now: 91.5 },
      ['Hottest 87.9 °C', 'Worst since 97.06 °C', 'Now 91.5 °C'],
    ],
    ['temperature_rise', { value: 6.2, limit: 5 }, ['When it was raised 6.2 °C/min', 'Limit 5 °C/min']],
    ['temperature_difference', { limit: 15 }, ['Limit 15 °C']],
    ['above_ambient', { regions: ['full_frame', 'tank'] }, ['Regions whole picture, tank']],
    ['sensor_bad_pixels', { value: 17, limit: 16 }, ['When it was raised 17 px', 'Limit 16 px']],
    ['link_slow', { limit: 5 }, ['Limit 5 s']],
    ['hot_spot', { became: 'retired' }, ['Ended The device was retired']],
    ['degraded', { became: 'offline' }, ['Ended Offline']],
  ])('of %s have units: %j', (type, details, lines) =>
    expect(detailLines(type, details, nameOf).map((line) => line.join(' '))).toEqual(lines),
  );

  it('have names and units, and none that nobody understands', () => {
    expect(
      detailLines(
        'freeze',
        { share: 0.9, freeze_diffs: [0.1], last_3_media: ['a'], window_s: 30, previous_status: 'healthy', devices: [] },
        nameOf,
      ),
    ).toEqual([
      ['Pictures affected', '90 %'],
      ['Within', '30 s'],
      ['Change between pictures', '0.10'],
      ['Before', 'Healthy'],
    ]);
  });
});
