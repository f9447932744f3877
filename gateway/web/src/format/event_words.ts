// How events are put into words.

import type { AnyEvent, EventsByName } from '../api/contract';
import { is, shortType, type EventName, type LastEvent, type Recorded } from '../api/api';
import { commandStateWord, commandWord } from './commands';
import { pauseWord } from './recording';
import { span } from './time';
import {
  alertWord,
  bytes,
  capital,
  count,
  degrees,
  incidentWord,
  lossWord,
  mediaWord,
  peopleWord,
  pictureFault,
  plural,
  reasonWord,
  reviewWord,
  sentence,
  statusWord,
  triggerWord,
} from './words';

/** Motion that merely goes on is reported many times a second. */
export const isNews = ({ event }: Pick<Recorded, 'event'>): boolean =>
  !(is('motion', event) && event.data.phase === 'update');

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
  thermal: ({ frame_stats: stats, peak_temp: peak }) => `Hottest ${degrees(peak ?? stats.max_temp)}`,
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
