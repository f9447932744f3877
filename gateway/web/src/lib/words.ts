// How states, levels, numbers and events are put into words.

import { shortType, type CloudEvent, type Level, type Recorded, type Status } from './api';

export type Tone = 'ok' | 'warn' | 'crit' | 'unknown' | 'quiet';

const statusTones: Record<Status, Tone> = { healthy: 'ok', degraded: 'warn', stale: 'crit', stopped: 'quiet', offline: 'crit', not_started: 'quiet', unknown: 'unknown' };
const statusRanks: Record<Status, number> = { offline: 0, stale: 1, degraded: 2, stopped: 3, not_started: 4, unknown: 5, healthy: 6 };

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1).replaceAll('_', ' ');
export const statusWord = (status: string): string => (status in statusTones ? capital(status) : 'Unknown');
export const statusTone = (status: string): Tone => statusTones[status as Status] ?? 'unknown';
export const statusRank = (status: string): number => statusRanks[status as Status] ?? 5;

export const levelTone = (level: Level): Tone => (level === 'critical' || level === 'error' ? 'crit' : level === 'warning' ? 'warn' : 'quiet');

const incidentWords: Record<string, string> = { offline: 'Offline', blackscreen: 'Black picture', freeze: 'Frozen picture', stale: 'No new picture', degraded: 'Degraded', storage: 'Storage low', audio_loss: 'No sound', hot_spot: 'Hot spot' };
export const incidentWord = (type: string): string => incidentWords[type] ?? capital(type);

const alertWords: Record<string, string> = { device_offline: 'Device offline', device_degraded: 'Device degraded', device_recovered: 'Device recovered', storage_low: 'Storage low' };
export const alertWord = (type: string): string => alertWords[type] ?? incidentWord(type);

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
export const degrees = (t: number | null | undefined): string => (t === null || t === undefined || Number.isNaN(t) ? '–' : `${t.toFixed(1)} °C`);

export const loadTone = (percent: number): Tone => (percent > 80 ? 'crit' : percent > 60 ? 'warn' : 'ok');

const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function thermalWords(data: Record<string, unknown>): string {
  const stats = (data['frame_stats'] ?? {}) as Record<string, unknown>;
  const max = number(stats['max_temp'] ?? stats['max']);
  return max === null ? 'Thermal frame' : `Hottest ${degrees(max)}`;
}

/** Motion that merely goes on is told many times a second. */
export const isNews = ({ event }: Pick<Recorded, 'event'>): boolean => !(shortType(event.type) === 'motion' && event.data?.['phase'] === 'update');

/** One line about an event, for lists; the gateway's own summary wins where it gave one. */
export function summary(event: CloudEvent): string {
  const data = event.data ?? {};
  switch (shortType(event.type)) {
    case 'detection': {
      const people = number(data['people_count']) ?? 0;
      const triggers = Array.isArray(data['event_triggers']) ? data['event_triggers'].map((t) => capital(String(t).toLowerCase())) : [];
      return [people === 0 ? 'Nobody' : people === 1 ? '1 person' : `${people} people`, ...triggers].join(' · ');
    }
    case 'thermal': return thermalWords(data);
    case 'motion': return data['phase'] === 'end' ? 'Motion ended' : data['phase'] === 'update' ? 'Motion goes on' : 'Motion';
    case 'segment': return `Recorded ${number(data['duration_s'])?.toFixed(1) ?? '?'} s`;
    case 'incident': return `${incidentWord(String(data['type'] ?? 'incident'))} ${String(data['state'] ?? '')}`.trim();
    case 'alert': return String(data['message'] ?? `${capital(String(data['level'] ?? 'alert'))} ${String(data['state'] ?? '')}`.trim());
    case 'health': return [statusWord(String(data['status'] ?? 'unknown')), data['reason']].filter(Boolean).join(' · ');
    case 'state': return data['online'] ? 'Came online' : 'Went offline';
    case 'gap': return `${count(number(data['count']) ?? 0)} events missing · ${String(data['cause'] ?? 'cause unknown')}`;
    case 'frame': return data['freeze'] === true ? 'Frame · frozen' : data['blackscreen'] === true ? 'Frame · black' : 'Frame analysed';
    case 'command': return `Command ${String(data['name'] ?? '')} ${String(data['state'] ?? '')}`;
    case 'settings': return 'Settings confirmed';
    case 'media': return `${capital(String(data['kind'] ?? 'medium'))}${number(data['size']) ? ` · ${bytes(Number(data['size']))}` : ''}`;
    default: return capital(shortType(event.type));
  }
}
