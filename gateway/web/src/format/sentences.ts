// What an alert says and what decided on it, from its type and details: the one place that words them.

import type { Alert } from '../api/api';
import { ALERT_TYPES } from '../api/contract';
import { span } from './time';
import { bytes, capital, decibels, degrees, incidentWord, regionWord, sentence, statusWord } from './words';

type Details = Record<string, unknown>;
type AlertFacts = Pick<Alert, 'type' | 'message' | 'details'>;
export type NameOf = (device: string) => string;

const number = (details: Details, name: string): number | null =>
  typeof details[name] === 'number' ? details[name] : null;
const text = (details: Details, name: string): string => (typeof details[name] === 'string' ? details[name] : '');
const list = (details: Details, name: string): string[] =>
  Array.isArray(details[name]) ? details[name].filter((one) => typeof one === 'string') : [];

function disk(details: Details): string {
  const [used, free] = [number(details, 'percent'), number(details, 'free_bytes')];
  if (used === null) return reasonOr(details, 'The disk is nearly full');
  return `The disk was ${used.toFixed(0)} % full when that was raised${free === null ? '' : `, with ${bytes(free)} free`}`;
}

/** As a sentence names it. */
const theRegion = (name: string): string => (regionWord(name) === name ? name : `the ${regionWord(name)}`);

function hotSpot(details: Details): string {
  const regions = list(details, 'regions').map(theRegion).join(', ');
  const hottest = number(details, 'max_temp');
  return `${degrees(hottest)} measured${regions ? ` in ${regions}` : ''}${worst(details, hottest)}`;
}

function agent(details: Details, nameOf: NameOf): string {
  const names = list(details, 'devices').map(nameOf);
  return names.length
    ? `With it ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`
    : 'Nothing was received';
}

function ofPictures(details: Details, were: string, otherwise: string): string {
  const [share, within] = [number(details, 'share'), number(details, 'window_s')];
  const said =
    share === null || within === null
      ? otherwise
      : `${Math.round(share * 100)} % of the pictures of ${span(within)} ${were}`;
  return details['without_sound'] === true ? `${said}, and the sound is missing` : said;
}

const reasonOr = (details: Details, otherwise: string): string => sentence(text(details, 'reason')) || otherwise;

/** What it was when the alert was raised, and the worst of it since. */
function worst(details: Details, first: number | null): string {
  const most = number(details, 'worst');
  return most !== null && first !== null && most - first >= 0.05 ? `, at most ${most.toFixed(1)}` : '';
}

function clockError(aheadS: number): string {
  return `${span(Math.abs(aheadS))} ${aheadS < 0 ? 'behind' : 'ahead'}`;
}

function trend(details: Details, say: (value: string) => string): string {
  const value = number(details, 'value');
  const regions = list(details, 'regions').map(theRegion).join(', ');
  return `${sentence(regions || 'a region')} ${say(value === null ? '–' : value.toFixed(1))}${worst(details, value)}`;
}

/** The unit of what an incident of a type measures, behind its number. */
const units: Record<string, string> = {
  hot_spot: ' °C',
  temperature_rise: ' °C/min',
  temperature_difference: ' °C',
  above_ambient: ' °C',
  sensor_frozen: ' frames',
  sensor_out_of_range: ' %',
  sensor_chessboard: ' °C',
  sensor_bad_pixels: ' px',
  memory: ' %',
  cpu_hot: ' °C',
  link_slow: ' s',
};
const measured = (value: number | null, type: string): string =>
  value === null ? '–' : `${Number(value.toFixed(2))}${units[type] ?? ''}`;

const sentences: Record<string, (details: Details, nameOf: NameOf) => string> = {
  device_offline: (details) => reasonOr(details, 'Nothing was received'),
  node_offline: agent,
  device_degraded: (details) => reasonOr(details, 'The connection to it keeps failing'),
  device_recovered: () => 'It works again',
  blackscreen: (details) => ofPictures(details, 'were black', 'Its picture is black'),
  freeze: (details) => ofPictures(details, 'were all the same', 'Its picture does not change'),
  corrupt_rows: (details) => ofPictures(details, 'were smeared', 'Its picture is smeared'),
  macroblocks: (details) => ofPictures(details, 'were broken into blocks', 'Its picture breaks into blocks'),
  audio_loss: (details) => ofPictures(details, 'had no sound', 'Its sound is gone'),
  hot_spot: hotSpot,
  temperature_rise: (details) => trend(details, (value) => `rises by ${value} °C a minute`),
  temperature_difference: (details) => trend(details, (value) => `is ${value} °C warmer than the others of its group`),
  above_ambient: (details) => trend(details, (value) => `is ${value} °C warmer than its surroundings`),
  sensor_frozen: () => 'Its thermal sensor repeats one frame',
  sensor_out_of_range: () => 'Its thermal sensor measures what it cannot measure',
  sensor_chessboard: (details) => `Its half frames differ by ${degrees(number(details, 'value'))}`,
  sensor_bad_pixels: (details) => `${number(details, 'value') ?? 'Too many'} pixels of its thermal sensor are bad`,
  clock_wrong: (details) => `Its clock is ${clockError(number(details, 'ahead_s') ?? 0)}`,
  storage_low: disk,
  storage_critical: disk,
  memory_low: (details) => `Its machine uses ${measured(number(details, 'value'), 'memory')} of its memory`,
  cpu_hot: (details) => `The processor of its machine has ${measured(number(details, 'value'), 'cpu_hot')}`,
  link_slow: (details) => `The broker answers it after ${measured(number(details, 'value'), 'link_slow')}`,
  hub_deaf: (details) => `The hub received nothing for ${span(number(details, 'deaf_s') ?? 0)}`,
};

/** A type that is younger than this page is worded by the hub. */
export function alertSentence(alert: AlertFacts, nameOf: NameOf): string {
  const say = sentences[alert.type];
  const words = say ? say(alert.details, nameOf) : reasonOr(alert.details, alert.message);
  const late = number(alert.details, 'late_s');
  return late !== null && late > 0 ? `${words} (known ${span(late)} late)` : words;
}

/** What was found, in the words of the alert that it raises. */
export const incidentSentence = (incident: Pick<AlertFacts, 'type' | 'details'>, nameOf: NameOf): string =>
  alertSentence({ type: ALERT_TYPES[incident.type] ?? incident.type, details: incident.details, message: '' }, nameOf);

type Says = (value: never, nameOf: NameOf, type: string) => string;

const ofType = (value: number, _: NameOf, type: string): string => measured(value, type);
/** Why it is over although nothing has become good. */
const endings: Record<string, string> = {
  retired: 'The device was retired',
  not_expected: 'The device may be silent for so long',
  source_removed: 'The device has no source of that any more',
  not_measured: 'The device does not measure that any more',
};
const figures: Record<string, [string, Says]> = {
  max_temp: ['Hottest', (value: number) => degrees(value)],
  threshold: ['Threshold', (value: number) => degrees(value)],
  roi: ['Region', (value: string) => regionWord(value)],
  regions: ['Regions', (value: string[]) => value.map(regionWord).join(', ')],
  value: ['When it was raised', ofType],
  worst: ['Worst since', ofType],
  now: ['Now', ofType],
  limit: ['Limit', ofType],
  masked_pixels: ['Masked pixels', (value: [number, number][]) => value.map(([x, y]) => `${x}, ${y}`).join('; ')],
  level: ['Level', (value: string) => capital(value)],
  reason: ['Reason', (value: string) => sentence(value)],
  share: ['Pictures affected', (value: number) => `${Math.round(value * 100)} %`],
  window_s: ['Within', (value: number) => span(value)],
  blackscreen_percentage: ['Black', (value: number) => `${value.toFixed(1)} %`],
  blackscreen_threshold: ['Black from', (value: number) => `${value} %`],
  freeze_diffs: ['Change between pictures', (value: number[]) => value.map((one) => one.toFixed(2)).join(', ')],
  freeze_threshold: ['Frozen if all are below', (value: number) => String(value)],
  identical_rows: ['Repeated rows', (value: number) => `${value.toFixed(1)} %`],
  identical_rows_threshold: ['Smeared from', (value: number) => `${value} %`],
  block_percentage: ['Loose blocks', (value: number) => `${value.toFixed(1)} %`],
  block_threshold: ['In blocks from', (value: number) => `${value} %`],
  false_colour_percentage: ['False colours', (value: number) => `${value.toFixed(1)} %`],
  mean_volume_db: ['Sound level', (value: number) => decibels(value)],
  silence_s: ['Nothing received for', (value: number) => span(value)],
  percent: ['Disk used when it was raised', (value: number) => `${value.toFixed(1)} %`],
  free_bytes: ['Free', (value: number) => bytes(value)],
  ahead_s: ['Clock', clockError],
  deaf_s: ['Nothing received for', (value: number) => span(value)],
  late_s: ['Known late by', (value: number) => span(value)],
  became: ['Ended', (value: string) => endings[value] ?? incidentWord(value)],
  previous_status: ['Before', (value: string) => statusWord(value)],
  consecutive_failures: ['Failed attempts', (value: number) => String(value)],
  devices: ['Devices', (value: string[], nameOf) => value.map(nameOf).join(', ')],
};

/** Figures of an alert that people understand, with their units; the events behind it have the others. */
export function detailLines(type: string, details: Details, nameOf: NameOf): [string, string][] {
  return Object.entries(figures).flatMap(([name, [title, say]]) => {
    const value = details[name];
    if (value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length)) return [];
    return [[title, say(value as never, nameOf, type)]];
  });
}
