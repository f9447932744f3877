import { describe, expect, it } from 'vitest';
import {
  addDays,
  ago,
  clock,
  dateIn,
  dayBounds,
  dayWord,
  hourTicks,
  hoursOf,
  inFull,
  isDate,
  lasted,
  minuteTicks,
  momentOf,
  sameClock,
  slotOf,
  span,
  wallClock,
} from './time';

const berlin = 'Europe/Berlin';
const at = (text: string): number => Date.parse(text);

describe('a day of the site', () => {
  it.each([
    ['2026-01-05', berlin, 24, '2026-01-04T23:00:00Z'],
    ['2026-03-29', berlin, 23, '2026-03-28T23:00:00Z'],
    ['2026-10-25', berlin, 25, '2026-10-24T22:00:00Z'],
    ['2026-01-05', 'Asia/Kolkata', 24, '2026-01-04T18:30:00Z'],
    ['2026-10-04', 'Australia/Lord_Howe', 23.5, '2026-10-03T13:30:00Z'],
    ['2026-09-06', 'America/Santiago', 23, '2026-09-06T04:00:00Z'],
    ['2026-01-05', 'UTC', 24, '2026-01-05T00:00:00Z'],
  ])('%s in %s has %i hours', (date, zone, hours, from) => {
    const bounds = dayBounds(date, zone);

    expect(bounds.hours).toBe(hours);
    expect(bounds.from).toBe(at(from));
  });

  it('shows 02:00 once in spring-time never and in autumn twice', () => {
    const labels = (date: string) => {
      const { from, to } = dayBounds(date, berlin);
      return hourTicks(from, to - 1, berlin).map((tick) => tick.label);
    };

    expect(labels('2026-03-29')).toHaveLength(23);
    expect(labels('2026-03-29')).not.toContain('02:00');
    expect(labels('2026-10-25')).toHaveLength(25);
    expect(labels('2026-10-25').filter((label) => label === '02:00')).toHaveLength(2);
  });

  it('lists the hours of a day, of which one is missing in spring-time and one is there twice in autumn', () => {
    const hours = (date: string) => hoursOf(date, berlin);

    expect(hours('2026-01-05').map(({ hour }) => hour)).toEqual(Array.from({ length: 24 }, (_, hour) => hour));
    expect(
      hours('2026-03-29')
        .map(({ hour }) => hour)
        .slice(0, 4),
    ).toEqual([0, 1, 3, 4]);
    expect(hours('2026-10-25').slice(1, 5)).toMatchObject([
      { hour: 1, repeated: false },
      { hour: 2, repeated: false },
      { hour: 2, repeated: true },
      { hour: 3, repeated: false },
    ]);
  });

  it('finds the moment of a wall clock, the first of two, and the end of an hour that is left out', () => {
    expect(momentOf('2026-10-25', '02:30', berlin)).toBe(at('2026-10-25T00:30:00Z'));
    expect(momentOf('2026-10-25', '23:59:58', berlin)).toBe(at('2026-10-25T22:59:58Z'));
    expect(momentOf('2026-03-29', '03:00', berlin)).toBe(at('2026-03-29T01:00:00Z'));
    expect(momentOf('2026-03-29', '02:30', berlin)).toBe(at('2026-03-29T01:30:00Z'));
    expect(momentOf('2026-01-05', '14:25', berlin)).toBe(at('2026-01-05T13:25:00Z'));
  });

  it.each([
    ['2026-10-25T00:29:00Z', berlin, '02:29 UTC+2'],
    ['2026-10-25T01:29:00Z', berlin, '02:29 UTC+1'],
    ['2026-10-24T23:59:00Z', berlin, '01:59'],
    ['2026-10-25T02:00:00Z', berlin, '03:00'],
    ['2026-10-24T00:29:00Z', berlin, '02:29'],
    ['2026-03-29T01:00:00Z', berlin, '03:00'],
    ['2026-04-04T14:45:00Z', 'Australia/Lord_Howe', '01:45 UTC+11'],
    ['2026-04-04T15:15:00Z', 'Australia/Lord_Howe', '01:45 UTC+10:30'],
    ['2026-04-04T14:25:00Z', 'Australia/Lord_Howe', '01:25'],
  ])('says which of two it is where the clock shows the same twice: %s in %s', (moment, zone, words) => {
    expect(clock(at(moment), zone)).toBe(words);
    expect(wallClock(at(moment), zone)).toBe(words.slice(0, 5));
  });

  it('names days against the now of the site', () => {
    const now = at('2026-01-05T23:30:00Z'); // already the 6th in Berlin

    expect(dateIn(now, berlin)).toBe('2026-01-06');
    expect(dayWord(at('2026-01-05T23:05:00Z'), now, berlin)).toBe('Today');
    expect(dayWord(at('2026-01-05T22:55:00Z'), now, berlin)).toBe('Yesterday');
    expect(dayWord(at('2026-01-04T12:00:00Z'), now, berlin)).toBe('Sun 4 Jan');
  });

  it('names the year of a day that may be of another one', () => {
    const now = at('2027-01-05T10:00:00Z');

    expect(dayWord(at('2026-12-31T12:00:00Z'), now, berlin)).toBe('Thu 31 Dec');
    expect(dayWord(at('2026-01-06T12:00:00Z'), now, berlin)).toBe('Tue 6 Jan 2026');
    expect(dayWord(at('2028-01-05T12:00:00Z'), now, berlin)).toBe('Wed 5 Jan 2028');
  });

  it('says moments in the zone and names the zone in full', () => {
    expect(clock(at('2026-01-05T10:00:07Z'), berlin, true)).toBe('11:00:07');
    expect(inFull(at('2026-07-05T10:00:07Z'), berlin)).toBe('Sun 5 Jul 2026, 12:00:07 Europe/Berlin (UTC+2)');
    expect(inFull(at('2026-07-05T10:00:07Z'), 'Asia/Kolkata')).toContain('15:30:07 Asia/Kolkata (UTC+5:30)');
    expect(inFull(at('2026-07-05T10:00:07Z'), 'America/St_Johns')).toContain('07:30:07 America/St_Johns (UTC−2:30)');
  });
});

describe('small words for time', () => {
  it.each([
    [5, '5 s'],
    [90, '1 min 30 s'],
    [3600, '1 h'],
    [5400, '1 h 30 min'],
    [90000, '1 d 1 h'],
    [3540, '59 min'],
  ])('%i seconds is %s', (seconds, words) => expect(span(seconds)).toBe(words));

  it.each([
    ['2026-01-05T10:05:30Z', '5 min 30 s'],
    [null, '10 min'],
  ])('what began ten minutes ago and held until %s lasted %s', (until, words) =>
    expect(lasted({ since: '2026-01-05T10:00:00Z', until, duration_s: 330 }, () => at('2026-01-05T10:10:00Z'))).toBe(
      words,
    ),
  );

  it.each([
    [0, 'now'],
    [5_000, '5 s ago'],
    [125_000, '2 min ago'],
    [7_300_000, '2 h ago'],
    [180_000_000, '2 d ago'],
  ])('%i ms is %s', (ms, words) => expect(ago(0, ms)).toBe(words));

  it('says of each hour when it began, of one that is there twice too, and how long a day was', () => {
    const night = hoursOf('2026-10-25', berlin).filter(({ hour }) => hour === 2);

    expect(night.map((one) => new Date(one.at).toISOString())).toEqual([
      '2026-10-25T00:00:00.000Z',
      '2026-10-25T01:00:00.000Z',
    ]);
    expect(dayBounds('2026-04-05', 'Australia/Lord_Howe').hours).toBe(24.5);
  });

  it('begins each hour where the clock does, also where it is set by half an hour', () => {
    const began = (date: string): string[] =>
      hoursOf(date, 'Australia/Lord_Howe').map((one) => clock(one.at, 'Australia/Lord_Howe'));

    expect(began('2026-04-05').slice(0, 5)).toEqual(['00:00', '01:00', '01:30 UTC+10:30', '02:00', '03:00']);
    expect(began('2026-10-04').slice(0, 4)).toEqual(['00:00', '01:00', '02:30', '03:00']);
  });

  it('knows both moments of a clock that shows the same twice', () => {
    const both = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'].map(at);

    expect(both.map((one) => sameClock(one, berlin))).toEqual([both, both]);
    expect(sameClock(at('2026-10-25T02:30:00Z'), berlin)).toEqual([at('2026-10-25T02:30:00Z')]);
    expect(sameClock(at('2026-07-01T02:30:00Z'), berlin)).toEqual([at('2026-07-01T02:30:00Z')]);
  });

  it('refuses dates that do not exist', () => {
    expect(['2026-02-28', '2026-02-30', '26-2-1', 'abc'].map(isDate)).toEqual([true, false, false, false]);
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28');
  });

  it('keys a minute by its UTC slot', () => {
    expect(slotOf((at('2026-01-05T14:25:30Z') / 60_000) | 0)).toBe('1425');
    expect(slotOf(0)).toBe('0000');
  });
});

describe('labels of many days', () => {
  it('stand at local midnights, also where a day has 23 hours', () => {
    const ticks = minuteTicks(at('2026-03-27T12:00:00Z'), at('2026-03-30T12:00:00Z'), berlin, 1440);
    expect(ticks.map((tick) => [new Date(tick.at).toISOString(), tick.label])).toEqual([
      ['2026-03-27T23:00:00.000Z', 'Sat 28 Mar'],
      ['2026-03-28T23:00:00.000Z', 'Sun 29 Mar'],
      ['2026-03-29T22:00:00.000Z', 'Mon 30 Mar'],
    ]);
  });

  it('are the same days wherever the range begins', () => {
    const weekly = (from: string): number[] =>
      minuteTicks(at(from), at('2026-03-30T00:00:00Z'), 'UTC', 7 * 1440).map((tick) => tick.at);
    expect(weekly('2026-03-02T00:00:00Z').slice(-2)).toEqual(weekly('2026-03-05T09:00:00Z').slice(-2));
  });
});
