import { describe, expect, it } from 'vitest';
import type { IncidentMinutes } from '../api/api';
import {
  decodeRevisions,
  decodeStates,
  encodeStates,
  incidentAt,
  indexOfMinute,
  longStates,
  minuteAt,
  nextIncident,
  runsOf,
  tileUrl,
  type MinuteState,
} from './timeline';

const classes = ['no_data', 'ok', 'incident', 'unknown'];

describe('the packed day', () => {
  it('reads two bits a minute from the least significant on', () => {
    const bytes = new Uint8Array(360);
    bytes[0] = 0b11_10_01_00; // minute 0 is no_data, 1 ok, 2 incident, 3 unknown
    bytes[359] = 0b10_00_00_00; // minute 1439 is an incident

    const states = decodeStates(btoa(String.fromCharCode(...bytes)), classes);

    expect(states).toHaveLength(1440);
    expect(states.slice(0, 5)).toEqual(['no_data', 'ok', 'incident', 'unknown', 'no_data']);
    expect(states[1439]).toBe('incident');
  });

  it('survives the way there and back in under 3 kB', () => {
    const states = Array.from({ length: 1440 }, (_, i) => classes[(i * 7) % 4] as MinuteState);

    const packed = encodeStates(states, classes);

    expect(packed.length).toBeLessThan(600);
    expect(decodeStates(packed, classes)).toEqual(states);
  });

  it('has as many minutes as the day', () => {
    const states = Array.from({ length: 1500 }, (_, i): MinuteState => (i === 1499 ? 'incident' : 'ok'));

    expect(decodeStates(encodeStates(states, classes), classes, 1500)).toEqual(states);
  });

  it('takes a short answer as no data', () => {
    expect(decodeStates('', classes).every((state) => state === 'no_data')).toBe(true);
  });
});

describe('the ring of minutes', () => {
  const newest = Date.parse('2026-01-05T14:25:00Z') / 60_000;

  it('ends with the newest and begins a day less a minute before', () => {
    expect(minuteAt(1439, newest).slot).toBe('1425');
    expect(minuteAt(0, newest).slot).toBe('1426');
    expect(minuteAt(0, newest).at).toBe(Date.parse('2026-01-04T14:26:00Z'));
  });

  it('finds the index of a minute and stays in the ring', () => {
    expect(indexOfMinute(newest - 10, newest)).toBe(1429);
    expect(indexOfMinute(newest + 5, newest)).toBe(1439);
    expect(indexOfMinute(newest - 5000, newest)).toBe(0);
  });

  it('asks for a slot together with its minute', () => {
    expect(tileUrl('DEMO', minuteAt(1439, newest), 'ko')).toBe(`/heatmaps/DEMO/1425_ko.jpg?minute=${newest}`);
    expect(tileUrl('DEMO', minuteAt(1, newest, 2, decodeRevisions('AC')), 'all')).toBe(
      `/heatmaps/DEMO/1425.jpg?minute=${newest}&revision=2`,
    );
  });
});

describe('runs', () => {
  const states: MinuteState[] = ['ok', 'ok', 'incident', 'incident', 'ok', 'incident'];

  it('joins neighbours', () => {
    expect(runsOf(states).map((run) => [run.start, run.end, run.state])).toEqual([
      [0, 2, 'ok'],
      [2, 4, 'incident'],
      [4, 5, 'ok'],
      [5, 6, 'incident'],
    ]);
  });

  it('steps from incident to incident', () => {
    expect(nextIncident(states, 0, 1)).toBe(2);
    expect(nextIncident(states, 2, 1)).toBe(5);
    expect(nextIncident(states, 5, -1)).toBe(2);
    expect(nextIncident(states, 2, -1)).toBeNull();
  });
});

describe('how bad a minute was', () => {
  const incidents: IncidentMinutes[] = [
    { first: 1, minutes: 2, condition: 'warning', types: ['freeze'] },
    { first: 3, minutes: 1, condition: 'critical', types: ['hot_spot'] },
  ];

  it('is said by the gateway, with the types', () => {
    expect(incidentAt(incidents, 2)?.types).toEqual(['freeze']);
    expect(incidentAt(incidents, 3)?.condition).toBe('critical');
    expect(incidentAt(incidents, 4)).toBeNull();
  });
});

describe('a time range beyond the minutes that are kept', () => {
  const minute = (n: number): number => n * 60_000;
  const iso = (n: number): string => new Date(minute(n)).toISOString();

  it('knows incidents, the newest minutes, and where nothing was yet', () => {
    const states = longStates(
      100,
      10,
      { first: 107, states: ['ok', 'no_data'] },
      [{ opened: iso(103), closed: new Date(minute(104) + 5000).toISOString() }],
      minute(102),
      minute(109),
    );

    expect(states).toEqual([
      'no_data',
      'no_data',
      'unknown',
      'incident',
      'incident',
      'unknown',
      'unknown',
      'ok',
      'no_data',
      'no_data',
    ]);
  });

  it('has an incident that is open reach to now', () => {
    expect(longStates(0, 4, { first: 0, states: [] }, [{ opened: iso(1), closed: null }], 0, minute(2))).toEqual([
      'unknown',
      'incident',
      'incident',
      'no_data',
    ]);
  });

  it('is empty where the site has told nothing', () => {
    expect(longStates(0, 2, { first: 0, states: [] }, [], null, minute(2))).toEqual(['no_data', 'no_data']);
  });
});
