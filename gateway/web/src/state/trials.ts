// Trying other rules on the past: what is changed, what came of it, and where it stands on the axis of time.

import type { components } from '../api/http.gen.ts';
import type { Alert } from '../api/api';
import { capital } from '../format/words.ts';

type Schemas = components['schemas'];

export type Rule = Schemas['Rule'];
export type Rules = Schemas['Rules'];
export type Counts = Schemas['Counts'];
export type Raised = Schemas['Raised'];
export type TrialSummary = Schemas['Summary'];
export type Trial = Schemas['Detailed'];
export type Trials = Schemas['Trials'];

const ruleWords: Record<string, string> = {
  offline_after_s: 'Offline after',
  hot_spot_c: 'Hot spot',
  hot_spot_hysteresis_c: 'Hot spot over, below it by',
  hot_spot_clear_s: 'Hot spot over after',
  trend_after_s: 'Trend beyond its limit for',
  trend_hysteresis_c: 'Trend over, below it by',
  trend_clear_s: 'Trend over after',
  rise_window_s: 'Rise measured over',
  sensor_fault_after_s: 'Fault of a thermal sensor after',
  raise_share: 'Share of bad pictures',
  raise_window_s: 'Bad pictures within',
  clear_after_s: 'Over after good pictures for',
  storage_low_percent: 'Disk nearly full',
  storage_critical_percent: 'Disk full',
  storage_hysteresis_percent: 'Disk all right, below it by',
  memory_percent: 'Memory nearly full',
  cpu_temperature_c: 'Processor too hot',
  round_trip_s: 'Slow link',
  machine_after_s: 'Fault of a machine after',
  cool_down_s: 'Pause between two alerts',
};
/** What a rule is about; its unit stands beside its value. */
export const ruleWord = (name: string): string => ruleWords[name] ?? capital(name);
export const valueWords = (value: number, unit: string): string =>
  `${Number(value.toPrecision(6))}${unit ? ` ${unit}` : ''}`;

/** What is wrong with a value somebody typed, in words; null when nothing is. */
export function ruleProblem(rule: Rule, typed: string): string | null {
  const value = Number(typed.trim().replace(',', '.'));
  if (!typed.trim() || !Number.isFinite(value)) return 'Give a number';
  if (value < rule.minimum || value > rule.maximum)
    return `From ${valueWords(rule.minimum, '')} to ${valueWords(rule.maximum, rule.unit)}`;
  return null;
}

/** The rules that somebody set otherwise than they are in force, by name; what is not valid is none. */
export function changedRules(rules: readonly Rule[], typed: Readonly<Record<string, string>>): Record<string, number> {
  const changed = rules.flatMap((rule) => {
    const text = typed[rule.name];
    if (text === undefined || ruleProblem(rule, text) !== null) return [];
    const value = Number(text.trim().replace(',', '.'));
    return value === rule.value ? [] : [[rule.name, value] as const];
  });
  return Object.fromEntries(changed);
}

/** What a trial changed: `Hot spot 75 °C`. Of a rule that is gone since, its name and value are left. */
export function changesWords(trial: Pick<TrialSummary, 'rules' | 'analysis'>, rules: readonly Rule[]): string {
  const words = Object.entries(trial.rules).map(
    ([name, value]) => `${ruleWord(name)} ${valueWords(value, rules.find((rule) => rule.name === name)?.unit ?? '')}`,
  );
  return [...words, ...(trial.analysis ? ['Pictures analysed again'] : [])].join(', ') || 'The rules in force';
}

export type Where = 'both' | 'only_trial' | 'only_live';
export const whereWords: Record<Where, string> = {
  both: 'In both',
  only_trial: 'Only in the trial',
  only_live: 'Only live',
};

export interface Span {
  from: number;
  /** Null: not over at the end. */
  to: number | null;
}

export interface Compared {
  where: Where;
  raised: Raised;
  trial: Span | null;
  live: Span | null;
}

const spanOf = (raised: Raised): Span => ({
  from: Date.parse(raised.opened),
  to: raised.closed === null ? null : Date.parse(raised.closed),
});

function liveSpan(raised: Raised, alerts: readonly Alert[]): Span {
  const alert = alerts.find((one) => one.id === raised.live);
  return alert
    ? { from: Date.parse(alert.raised), to: alert.cleared === null ? null : Date.parse(alert.cleared) }
    : spanOf(raised);
}

/** Everything that either of the two raised, oldest first. `alerts` are the live ones, for what is in both. */
export function compared(trial: Trial, alerts: readonly Alert[]): Compared[] {
  const rows: Compared[] = [
    ...trial.both.map((raised): Compared => ({
      where: 'both',
      raised,
      trial: spanOf(raised),
      live: liveSpan(raised, alerts),
    })),
    ...trial.only_trial.map((raised): Compared => ({ where: 'only_trial', raised, trial: spanOf(raised), live: null })),
    ...trial.only_live.map((raised): Compared => ({ where: 'only_live', raised, trial: null, live: spanOf(raised) })),
  ];
  return rows.sort((a, b) => Date.parse(a.raised.opened) - Date.parse(b.raised.opened));
}

export interface TrialLane {
  site: string;
  device: string;
  rows: Compared[];
}

/** One lane a device, those with differences first. */
export function lanesOf(rows: readonly Compared[]): TrialLane[] {
  const lanes = new Map<string, TrialLane>();
  for (const row of rows) {
    const { site, device } = row.raised;
    const lane = lanes.get(`${site}/${device}`) ?? { site, device, rows: [] };
    lane.rows.push(row);
    lanes.set(`${site}/${device}`, lane);
  }
  const differing = (lane: TrialLane): number => lane.rows.filter((row) => row.where !== 'both').length;
  return [...lanes.values()].sort((a, b) => differing(b) - differing(a) || a.device.localeCompare(b.device));
}

/** Shares of the axis that a span covers, cut off where the axis ends. */
export function barOf(span: Span, from: number, to: number): { left: number; width: number } {
  const share = (at: number): number => Math.max(0, Math.min(1, (at - from) / (to - from)));
  const left = share(span.from);
  return { left, width: share(span.to ?? to) - left };
}
