// What an agent says of its machine and of its link, in words.

import type { Agents, DeviceHealth } from '../api/api';
import { count, plural } from './words';

type Agent = Agents['agents'][number];
type Captured = NonNullable<DeviceHealth['captured']>;

const percent = (value: number | null | undefined, what: string): string =>
  value === null || value === undefined ? '' : `${what} ${Math.round(value)} %`;

/** CPU, memory, disk, temperature and clock of the machine, as far as they are known. */
export const machineWord = (system: Agent['system'], isSynchronised: boolean | null): string =>
  [
    percent(system.cpu_percent, 'CPU'),
    percent(system.memory_percent, 'memory'),
    percent(system.disk_percent, 'disk'),
    system.temperature == null ? '' : `${system.temperature.toFixed(0)} °C`,
    isSynchronised === false ? 'clock not synchronised' : '',
  ]
    .filter(Boolean)
    .join(', ') || '–';

/** What an agent does with its pictures where the link does not carry all of them. */
const THINNED: Record<string, string> = {
  fewer: 'fewer pictures',
  smaller: 'fewer and smaller pictures',
  around_motion: 'pictures around motion only',
};

/** The network that is used, how well it is received, and how long the broker takes to answer. */
export const linkWord = (networks: Agent['networks'], link: Agent['link']): string => {
  const used = networks.find((one) => one.is_used) ?? networks[0];
  return (
    [
      used ? used.name : '',
      used?.signal_dbm == null ? '' : `${used.signal_dbm.toFixed(0)} dBm`,
      used && !used.is_up ? 'down' : '',
      link?.round_trip_ms == null ? '' : `${Math.round(link.round_trip_ms)} ms`,
      THINNED[link?.pictures ?? ''] ?? '',
    ]
      .filter(Boolean)
      .join(', ') || '–'
  );
};

/** Messages that were not sent at once, and those of them that arrived at a later attempt; nothing where all were. */
export const failedWord = (link: NonNullable<Agent['link']>): string =>
  link.messages_failed || link.retries
    ? `${count(link.messages_failed)} failed, ${count(link.retries)} arrived later`
    : '';

/** What was done with the frames of a thermal sensor. */
export const thermalWord = (known: NonNullable<Captured['thermal']>): string =>
  [
    plural(known.frames, 'frame'),
    known.filtered ? `the newest ${known.averaged_frames} averaged` : 'not filtered',
    known.bad_pixels ? `${plural(known.bad_pixels, 'pixel')} replaced` : '',
    known.hot_spots ? `${plural(known.hot_spots, 'hot spot')} remembered` : '',
  ]
    .filter(Boolean)
    .join(', ');

const SENSORS: Record<string, string> = { visual: 'Camera', sub: 'Second stream', thermal: 'Thermal sensor' };
export const sensorWord = (kind: string): string => SENSORS[kind] ?? kind;
