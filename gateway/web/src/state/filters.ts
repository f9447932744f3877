// What the address may say besides site, devices and moment, in each view; whatever else stands there is passed over.

import { ALERT_LEVELS, NAME } from '../api/contract.ts';
import { isDate } from '../format/time.ts';
import { rangeFrom } from './time_range.ts';
import type { View } from './views.ts';
import { GROUPINGS, LAYOUTS, MOST_COLUMNS } from './wall_choices.ts';

type Accepts = (value: string) => boolean;

export const ALERT_TABS = ['', 'incidents', 'rules'] as const;
export const CHART_SPANS = ['15m', '1h', '6h', '24h', '7d', '30d', '90d'] as const;
export const CHART_STEPS = ['minute', 'hour', 'day'] as const;
export const CHART_VALUES = ['hottest', 'mean', 'coldest'] as const;
export const TRIAL_SPANS = ['1h', '6h', '24h', '7d'] as const;
export const TRIAL_FINDINGS = ['only_trial', 'only_live', 'both'] as const;
export const INCIDENT_DAYS = ['1', '7', '30'] as const;
export const EDITORS = ['zones', 'rois', 'alignment'] as const;

const LONGEST_TEXT = 200;

const matches =
  (pattern: string): Accepts =>
  (value) =>
    new RegExp(`^${pattern}$`).test(value);
const oneOf = (values: readonly string[]): Accepts => {
  const known = new Set(values);
  return (value) => known.has(value);
};
const wholeTo =
  (most: number): Accepts =>
  (value) =>
    /^[1-9]\d{0,3}$/.test(value) && Number(value) <= most;
const text: Accepts = (value) => value.length <= LONGEST_TEXT;
const name = matches(NAME);
/** As people draw and name it. */
const areaName: Accepts = (value) => value.length <= 64;
/** Ids as the hub gives them out. */
const id = matches('[A-Za-z0-9_:\\-][A-Za-z0-9_.:\\-]{0,127}');
/** A type or a reason may be younger than this page. */
const word = matches('[a-z][a-z0-9_]{0,63}');

const FILTERS: Record<View, Record<string, Accepts>> = {
  wall: { layout: oneOf(LAYOUTS), group: oneOf(GROUPINGS), columns: wholeTo(MOST_COLUMNS), q: text },
  device: {
    picture: oneOf(['both', 'visual', 'thermal', 'fusion', 'video']),
    edit: oneOf(EDITORS),
    span: oneOf(CHART_SPANS),
    per: oneOf(CHART_STEPS),
    value: oneOf(CHART_VALUES),
    load: text,
  },
  timeline: { show: oneOf(['ok', 'ko']), thermal: oneOf(['shown']), freeze: name },
  playback: { overlay: oneOf(['off']) },
  dashboard: { date: isDate },
  alerts: {
    tab: oneOf(ALERT_TABS),
    show: oneOf(['open']),
    level: oneOf(ALERT_LEVELS),
    alert: id,
    incident: id,
    type: word,
    zone: areaName,
    review: oneOf(['open', 'reviewed', 'discarded']),
    text,
    mute: id,
    suppressed: oneOf(['mute', 'cool_down']),
    days: oneOf(INCIDENT_DAYS),
    trial: id,
    span: oneOf(TRIAL_SPANS),
    found: oneOf(TRIAL_FINDINGS),
  },
  system: {},
  settings: {},
  nowhere: {},
};
/** Of the time bar, which lies under every view. */
const ANYWHERE: Record<string, Accepts> = { range: (value) => rangeFrom(value) !== null };

/** Ids and names of one site, which mean nothing at another. */
const OF_SITE = new Set(['alert', 'incident', 'mute', 'trial', 'zone', 'freeze', 'load', 'edit', 'range']);

export const withoutThoseOfSite = (filters: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(filters).filter(([name]) => !OF_SITE.has(name)));

/** Of what stands in the address, what this view understands. */
export function knownFilters(view: View, given: Iterable<[string, string]>): Record<string, string> {
  const accepted = new Map(Object.entries({ ...ANYWHERE, ...FILTERS[view] }));
  return Object.fromEntries([...given].filter(([key, value]) => value !== '' && accepted.get(key)?.(value)));
}

/** Those that a view understands, by their names. */
export const filterNames = (view: View): string[] => Object.keys({ ...ANYWHERE, ...FILTERS[view] });
