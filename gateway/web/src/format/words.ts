// How states, levels and numbers are put into words.

import { ALERT_LEVELS, ALERT_TYPES, INCIDENT_WORDS, PICTURE_FAULTS } from '../api/contract';
import type { Analysis, Condition, DeviceHealth, Level, Review, Status } from '../api/api';

export type Tone = 'ok' | 'warn' | 'crit' | 'unknown' | 'quiet';

const conditionTones: Record<Condition, Tone> = {
  critical: 'crit',
  offline: 'crit',
  error: 'crit',
  warning: 'warn',
  ok: 'ok',
  unknown: 'unknown',
};

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1).replaceAll('_', ' ');
const statusWords: Record<Status, string> = {
  healthy: 'Healthy',
  degraded: 'Connection problems',
  stale: 'No new picture',
  stopped: 'Stopped',
  offline: 'Offline',
  not_started: 'Not started yet',
  write_failed: 'Not written',
  unknown: 'Unknown',
};
export const statusWord = (status: string): string => statusWords[status as Status] ?? 'Unknown';

export const conditionTone = (condition: Condition | undefined): Tone =>
  (condition && conditionTones[condition]) ?? 'unknown';
/** What is wrong with a device, the worst of it; else that it is well, or that nobody knows yet. */
export const conditionWord = (condition: Condition | undefined, types: readonly string[] = []): string => {
  const [worst] = types;
  if (worst && condition !== 'ok' && condition !== 'unknown') return incidentWord(worst);
  return condition === 'ok'
    ? 'Healthy'
    : conditionTone(condition) === 'unknown'
      ? 'No data yet'
      : capital(condition ?? '');
};
/** The highest level first. */
export const levelRank = (level: Level): number => ALERT_LEVELS.indexOf(level);

export const levelTone = (level: Level): Tone =>
  level === 'critical' || level === 'error' ? 'crit' : level === 'warning' ? 'warn' : 'quiet';

const namedByContract: Record<string, string> = {
  frame: 'whole frame',
  full_frame: 'whole picture',
  composite: 'composite',
};
/** A region by the name that somebody gave it; those that nobody named have a name of the contract. */
export const regionWord = (name: string): string => namedByContract[name] ?? name;

/** The types that somebody can choose from, as people call them. */
export const INCIDENT_TYPES: readonly (readonly [string, string])[] = Object.entries(INCIDENT_WORDS);
export const incidentWord = (type: string): string => INCIDENT_WORDS[type] ?? capital(type);

/** Of two incidents with one type of alert the first names it. */
const alertWords: Record<string, string> = {
  ...Object.fromEntries(
    Object.entries(ALERT_TYPES)
      .reverse()
      .map(([incident, alert]) => [alert, incidentWord(incident)]),
  ),
  device_recovered: 'Back again',
  storage_critical: 'Disk full',
};
export const alertWord = (type: string): string => alertWords[type] ?? incidentWord(type);

export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Why a device is not well, as its agent says it. */
export const reasonWord = (reason: unknown): string => (typeof reason === 'string' ? sentence(reason) : '');

export const bytes = (n: number): string => {
  if (n < 1000) return `${n} B`;
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let [value, unit] = [n / 1000, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
};

const grouped = new Intl.NumberFormat('en-GB');
export const count = (n: number): string => grouped.format(n);
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;
/** What nobody measured is a dash. */
export const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? '–' : `${share}%`;
/** Digital silence is -100 dB or less, which is no measurement of a room. */
export const decibels = (level: number | null | undefined): string =>
  level === null || level === undefined ? '–' : level <= -99.9 ? 'Silent' : `${level.toFixed(1)} dB`;
export const degrees = (t: number | null | undefined): string =>
  t === null || t === undefined || Number.isNaN(t) ? '–' : `${t.toFixed(1)} °C`;

export const loadTone = (percent: number): Tone => (percent > 80 ? 'crit' : percent > 60 ? 'warn' : 'ok');

/** Size and rate of a video, as far as they are known. */
export const streamWord = (info: DeviceHealth['stream_info'] | undefined): string => {
  const size = info?.width && info.height ? `${info.width} × ${info.height}` : '';
  return [size, info?.fps ? `${Number(info.fps.toFixed(1))} pictures/s` : ''].filter(Boolean).join(' · ');
};

export type PictureFaults = { [K in (typeof PICTURE_FAULTS)[number] | 'zap']?: boolean | null };
export const pictureFault = (found: PictureFaults): string | undefined => PICTURE_FAULTS.find((kind) => found[kind]);

const pictureKinds: Record<string, string> = {
  visual: 'Picture',
  thermal: 'Thermal',
  fusion: 'Fusion',
  video: 'Video',
};
/** What a picture is made of. */
export const pictureKindWord = (kind: string): string => pictureKinds[kind] ?? capital(kind);

/** How the picture of a minute was. */
export const pictureWord = (found: PictureFaults): string => {
  const fault = pictureFault(found);
  if (fault) return incidentWord(fault);
  if (found.zap) return 'Channel changes';
  return PICTURE_FAULTS.every((kind) => found[kind] == null) ? 'Picture unknown' : 'Picture good';
};
export const pictureTone = (found: PictureFaults): Tone =>
  pictureFault(found) ? 'crit' : PICTURE_FAULTS.every((kind) => found[kind] == null) ? 'unknown' : 'ok';
/** How its sound was. */
export const soundWord = ({ audio }: Pick<Analysis, 'audio'>): string =>
  audio === null ? 'Sound unknown' : audio ? 'Sound good' : incidentWord('audio_loss');

export const peopleWord = (people: number): string => (people === 0 ? 'Nobody' : plural(people, 'person', 'people'));

export const triggerWord = (trigger: string): string => capital(trigger.toLowerCase());

const mediaWords: Record<string, string> = {
  capture: 'Pictures',
  thumbnail: 'Small pictures',
  segment: 'Video',
  recording: 'Clips',
  thermal: 'Thermal readings',
  events: 'Events',
  tile: 'Mosaics',
  evidence: 'Pictures of incidents',
};
/** What is kept of a device, in words. */
export const mediaWord = (kind: string): string => mediaWords[kind] ?? capital(kind);

/** By which rule media are deleted; the kind of media, with which the rule begins, stands beside it. */
export const retentionRuleWord = (kind: string, rule: string): string =>
  sentence(rule.startsWith(`${kind}: `) ? rule.slice(kind.length + 2) : rule);

const keeperWords: Record<string, string> = { hold: 'a hold', note: 'a note', export: 'an export' };
/** What keeps media from deletion, given by its kind and its id. */
export const keeperWord = (keeper: string): string => {
  const [kind = ''] = keeper.split(' ', 1);
  return keeperWords[kind] ?? kind;
};

const reviewWords: Record<string, string> = {
  reviewed: 'reviewed',
  discarded: 'discarded',
  reopened: 'marked as not reviewed',
  commented: 'commented',
  undone: 'taken back',
};
/** What somebody did with an incident. */
export const reviewWord = (action: string, assignee?: string | null): string =>
  action === 'assigned'
    ? assignee
      ? `assigned to ${assignee}`
      : 'assigned to nobody'
    : (reviewWords[action] ?? action);

/** How an incident stands. */
export const reviewStateWord = (state: Review['state']): string =>
  ({ open: 'Not reviewed', reviewed: 'Reviewed', discarded: 'Discarded' })[state];

/** Why an incident raised no alert. */
export const withheldWord = (suppressed: string | null): string =>
  suppressed === 'mute' ? 'Muted' : suppressed === 'cool_down' ? 'No alert: another had just been raised' : '';

const lossWords: Record<string, string> = {
  outbox_full: 'the outbox was full',
  disk_full: 'the disk of the agent was full',
  handoff_full: 'more came than the agent could write',
  link_too_slow: 'the link was too slow',
  too_large: 'too large for the broker',
  forgotten: 'the agent keeps them no more',
  rejected: 'refused by the hub',
  not_exported: 'not in the files that were imported',
};
/** Why events are missing. */
export const lossWord = (cause: string): string => lossWords[cause] ?? cause.replaceAll('_', ' ');
