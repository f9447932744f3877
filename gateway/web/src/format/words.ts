// How states, levels, numbers and events are put into words.

import {
  ALERT_LEVELS,
  ALERT_TYPES,
  INCIDENT_WORDS,
  PICTURE_FAULTS,
  type AnyEvent,
  type EventsByName,
} from '../api/contract';
import { commandStateWord, commandWord } from './commands';
import { pauseWord } from './recording';
import { span } from './time';
import {
  is,
  shortType,
  type Analysis,
  type Condition,
  type DeviceHealth,
  type EventName,
  type LastEvent,
  type Level,
  type Recorded,
  type Review,
  type Status,
} from '../api/api';

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

type PictureFaults = { [K in (typeof PICTURE_FAULTS)[number] | 'zap']?: boolean | null };
const pictureFault = (found: PictureFaults): string | undefined => PICTURE_FAULTS.find((kind) => found[kind]);

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

/** Motion that merely goes on is reported many times a second. */
export const isNews = ({ event }: Pick<Recorded, 'event'>): boolean =>
  !(is('motion', event) && event.data.phase === 'update');

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

/** A type that is younger than this page is called by its name. */
const typeWords: Record<string, string> = {
  agent: 'Agent',
  detection: 'People',
  motion: 'Motion',
  thermal: 'Heat',
  sensor: 'Thermal sensor',
  segment: 'Video',
  recording: 'Clip',
  reading: 'Reading',
  recorder: 'Recorder',
  snapshot: 'Snapshot',
  incident: 'Incident',
  alert: 'Alert',
  health: 'Health',
  state: 'Online',
  gap: 'Gap',
  frame: 'Picture',
  command: 'Command',
  clock: 'Clock',
  settings: 'Settings',
  media: 'Media',
  fault: 'Hub',
  retention: 'Deleted',
  annotation: 'Note',
  review: 'Review',
  mute: 'Mute',
  hold: 'Hold',
  export: 'Export',
  registry: 'Device',
  rules: 'Rules',
  heartbeat: 'Heartbeat',
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

const agentStates: Record<EventsByName['agent']['data']['state'], string> = {
  code_issued: 'code for an agent issued',
  enrolled: 'agent enrolled',
  revoked: 'agent revoked',
  configured: 'configuration of an agent set',
  applied: 'agent runs its new configuration',
  refused: 'agent keeps its configuration: the new one did not come up',
};

/** What kind of event it is, in a word. */
export const typeWord = (type: string): string => typeWords[shortType(type)] ?? capital(shortType(type));

type Says = { [N in EventName]?: (data: EventsByName[N]['data']) => string };

const exportStates: Record<EventsByName['export']['data']['state'], string> = {
  asked: 'asked for',
  cancelled: 'cancelled',
  removed: 'removed',
  done: 'is ready',
  failed: 'failed',
  expired: 'was deleted after its time',
};

const says: Says = {
  agent: ({ state }) => sentence(agentStates[state]),
  detection: ({ people_count: people = 0, event_triggers: triggers = [] }) =>
    [peopleWord(people), ...triggers.map(triggerWord)].join(' · '),
  thermal: ({ frame_stats: stats }) => `Hottest ${degrees(stats.max_temp)}`,
  sensor: ({ faults = [], masked_count: masked = 0 }) =>
    [
      ...faults.map((one) => incidentWord(one.fault)),
      masked ? `${plural(masked, 'pixel')} masked` : 'No pixel masked',
    ].join(' · '),
  motion: ({ phase, event_class: kind }) =>
    (phase === 'end' ? 'Motion ended' : phase === 'update' ? 'Motion goes on' : 'Motion') +
    (kind ? ` · ${capital(kind)}` : ''),
  segment: ({ duration_s: seconds }) => `Recorded ${seconds.toFixed(1)} s`,
  incident: ({ type, state }) => `${incidentWord(type)}${state === 'closed' ? ' is over' : ''}`,
  alert: ({ type, state, by, withdrawn }) =>
    state === 'acknowledged'
      ? `${alertWord(type)}: ${withdrawn ? 'acknowledgement taken back' : 'acknowledged'}${by ? ` by ${by}` : ''}`
      : `Alert: ${alertWord(type)}${state === 'cleared' ? ' is over' : ''}`,
  health: ({ status, reason }) => [statusWord(status), reasonWord(reason)].filter(Boolean).join(' · '),
  state: ({ online }) => (online ? 'Came online' : 'Went offline'),
  gap: ({ count: missing, cause }) => `${plural(missing, 'event')} missing · ${lossWord(cause) || 'cause unknown'}`,
  frame: (found) => {
    const fault = pictureFault(found);
    return fault ? incidentWord(fault) : found.zap ? 'Channel changes' : 'Picture analysed';
  },
  command: ({ name, state, by }) =>
    `${commandWord(name)} ${commandStateWord(state)}${state === 'asked' && by ? ` by ${by}` : ''}`,
  clock: ({ step_s: seconds }) =>
    `Clock set ${Math.abs(seconds) < 60 ? `${Math.abs(seconds).toFixed(1)} s` : span(Math.abs(seconds))} ${seconds > 0 ? 'forward' : 'back'}`,
  settings: () => 'Settings confirmed',
  media: ({ kind, size }) => `${mediaWord(kind)}${size ? ` · ${bytes(size)}` : ''}`,
  snapshot: ({ trigger }) => (trigger === 'schedule' ? 'Snapshot by schedule' : 'Snapshot'),
  reading: ({ measurements = [] }) =>
    measurements.map((one) => `${capital(one.name)} ${Number(one.value.toFixed(2))} ${one.unit}`.trim()).join(' · '),
  recorder: ({ recording, reason }) => (recording ? 'Records again' : pauseWord(reason)),
  recording: ({ trigger }) => `Clip · ${triggerWord(trigger)}`,
  fault: ({ part, state, reason }) => (state === 'raised' ? reason : `${capital(part)} works again`),
  retention: ({ count: deleted, kind }) => `Deleted: ${count(deleted)} · ${mediaWord(kind)}`,
  annotation: ({ text }) => text,
  review: ({ action, incidents, by, comment, assignee }) =>
    [
      `${plural(incidents.length, 'incident')} ${reviewWord(action, assignee)} by ${by}`,
      ...(comment ? [comment] : []),
    ].join(': '),
  mute: ({ state, reason }) => `${state === 'placed' ? 'Alerts muted' : 'Mute ended'}: ${reason}`,
  hold: ({ state, reason }) => `${state === 'placed' ? 'Recordings held' : 'Hold released'}: ${reason}`,
  export: ({ state, by }) => `Export ${exportStates[state]} · ${by}`,
  heartbeat: ({ status }) => (status === 'stopping' ? 'Agent stops' : 'Agent runs'),
  registry: ({ site, device, name, retired }) =>
    [
      device ?? site,
      retired === true
        ? 'retired'
        : retired === false && !name
          ? 'watched again'
          : name
            ? `is called ${name}`
            : 'set anew',
    ].join(' '),
  rules: () => 'Alert rules set',
};

/** One line about an event, for lists. A family that is younger than this page is called by its name. */
export const summary = (event: Pick<AnyEvent, 'type' | 'data'>): string => wordsFor(shortType(event.type), event.data);

function wordsFor(name: string, data: unknown): string {
  const say = says[name as EventName] as ((data: unknown) => string) | undefined;
  return say ? say(data) : capital(name);
}

/** What happened last at a device, in words. */
export interface News {
  time: string;
  position: number;
  summary: string;
}

/** The last event of a device, of whose data the gateway sends what the words need; what comes by the clock is no news. */
export function lastNews(event: LastEvent | null): News | null {
  if (!event || ['frame', 'health', 'heartbeat', 'segment', 'media'].includes(event.type)) return null;
  return { time: event.time, position: event.position, summary: wordsFor(event.type, event.data) };
}
