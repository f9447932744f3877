import { describe, expect, it } from 'vitest';
import type { Alert } from '../api/api.ts';
import {
  barOf,
  changedRules,
  changesWords,
  compared,
  lanesOf,
  ruleProblem,
  ruleWord,
  type Raised,
  type Rule,
  type Trial,
} from './trials.ts';

const rule = (name: string, value: number, unit = ''): Rule => ({
  name,
  value,
  unit,
  description: '',
  minimum: 0,
  maximum: 1000,
});
const rules = [rule('hot_spot_c', 80, '°C'), rule('raise_share', 0.8), rule('raise_window_s', 30, 's')];

describe('a rule', () => {
  it('is called by what it is about', () => {
    expect(rules.map((one) => ruleWord(one.name))).toEqual([
      'Hot spot',
      'Share of bad pictures',
      'Bad pictures within',
    ]);
  });

  it.each([
    ['75', null],
    [' 75,5 ', null],
    ['', 'Give a number'],
    ['warm', 'Give a number'],
    ['1e9', 'From 0 to 1000 °C'],
    ['-1', 'From 0 to 1000 °C'],
  ])('is tried with %j: %j', (typed, problem) =>
    expect(ruleProblem(rule('hot_spot_c', 80, '°C'), typed)).toBe(problem),
  );

  it('counts as changed only where it is another and valid', () => {
    expect(changedRules(rules, { hot_spot_c: '75,5', raise_share: '0.80', raise_window_s: 'long' })).toEqual({
      hot_spot_c: 75.5,
    });
  });
});

describe('the words of a trial', () => {
  it('say what it changed', () => {
    expect(changesWords({ rules: { hot_spot_c: 75, gone_rule: 3 }, analysis: false }, rules)).toBe(
      'Hot spot 75 °C, Gone rule 3',
    );
    expect(changesWords({ rules: {}, analysis: false }, rules)).toBe('The rules in force');
    expect(changesWords({ rules: {}, analysis: true }, rules)).toBe('Pictures analysed again');
  });
});

const raised = (id: string, opened: string, changes: Partial<Raised> = {}): Raised => ({
  id,
  type: 'hot_spot',
  site: 'DEMO',
  device: 'kiln',
  opened: `2026-01-05T${opened}Z`,
  closed: null,
  level: 'warning',
  message: '',
  details: {},
  live: null,
  ...changes,
});
const trial = {
  both: [raised('t1', '10:00:05', { closed: '2026-01-05T10:09:00Z', live: 'a1' })],
  only_trial: [raised('t2', '09:00:00')],
  only_live: [raised('a2', '11:00:00', { device: 'gate', closed: '2026-01-05T11:01:00Z' })],
} as Trial;
const at = (clock: string): number => Date.parse(`2026-01-05T${clock}Z`);

describe('a comparison', () => {
  const alerts = [{ id: 'a1', raised: '2026-01-05T10:00:00Z', cleared: '2026-01-05T10:05:00Z' } as Alert];
  const rows = compared(trial, alerts);

  it('is in the order of time', () => {
    expect(rows.map((row) => row.where)).toEqual(['only_trial', 'both', 'only_live']);
  });

  it('has for what is in both the span of each', () => {
    expect(rows[1]?.trial).toEqual({ from: at('10:00:05'), to: at('10:09:00') });
    expect(rows[1]?.live).toEqual({ from: at('10:00:00'), to: at('10:05:00') });
  });

  it('takes the span of the trial for a live alert that is not at hand', () => {
    expect(compared(trial, [])[1]?.live).toEqual({ from: at('10:00:05'), to: at('10:09:00') });
  });

  it('says of one alone that the other has none', () => {
    expect(rows[0]).toMatchObject({ live: null, trial: { from: at('09:00:00'), to: null } });
    expect(rows[2]).toMatchObject({ trial: null, live: { from: at('11:00:00') } });
  });

  it('has a lane for each device', () => {
    expect(lanesOf(rows).map((lane) => [lane.device, lane.rows.length])).toEqual([
      ['gate', 1],
      ['kiln', 2],
    ]);
  });

  it('shows the devices with most differences first', () => {
    const more = compared({ ...trial, only_trial: [...trial.only_trial, raised('t3', '09:30:00')] }, []);
    expect(lanesOf(more)[0]?.device).toBe('kiln');
  });
});

describe('a bar', () => {
  it('covers its share of the axis', () =>
    expect(barOf({ from: 25, to: 50 }, 0, 100)).toEqual({ left: 0.25, width: 0.25 }));
  it('that is not over goes to the end', () =>
    expect(barOf({ from: 75, to: null }, 0, 100)).toEqual({ left: 0.75, width: 0.25 }));
  it('is cut off where the axis begins and ends', () =>
    expect(barOf({ from: -50, to: 150 }, 0, 100)).toEqual({ left: 0, width: 1 }));
});
