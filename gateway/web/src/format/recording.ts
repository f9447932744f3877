// The words of recording: modes, days of the week, and why nothing is recorded.

import type { RecordingSettings, Settings } from '../api/api';

export type RecordingMode = RecordingSettings['mode'];
type Weekday = RecordingSettings['schedule'][number]['days'][number];

export const MODES: readonly RecordingMode[] = ['continuous', 'motion', 'schedule', 'motion_in_schedule', 'off'];
export const WEEKDAYS: readonly (readonly [Weekday, string, string])[] = [
  ['mon', 'Mo', 'Monday'],
  ['tue', 'Tu', 'Tuesday'],
  ['wed', 'We', 'Wednesday'],
  ['thu', 'Th', 'Thursday'],
  ['fri', 'Fr', 'Friday'],
  ['sat', 'Sa', 'Saturday'],
  ['sun', 'Su', 'Sunday'],
];
export type NightMode = Settings['night']['mode'];
export const NIGHTS: readonly NightMode[] = ['never', 'always', 'hours', 'sun'];
const nights: Record<NightMode, string> = {
  never: 'Never',
  always: 'Always',
  hours: 'In certain hours',
  sun: 'From sunset to sunrise',
};
const modes: Record<string, string> = {
  continuous: 'Always',
  motion: 'While something moves',
  schedule: 'In certain hours',
  motion_in_schedule: 'Motion in certain hours',
  off: 'Never',
};
const reasons: Record<string, string> = {
  off: 'Recording is switched off',
  schedule: 'Not recorded by schedule',
  no_motion: 'Nothing moved',
};

export const nightWord = (mode: NightMode): string => nights[mode];
export const modeWord = (mode: string): string => modes[mode] ?? mode;
/** Why a device records nothing on purpose. */
export const pauseWord = (reason: string | null | undefined): string => reasons[reason ?? ''] ?? 'Not recorded';
export const hasHours = (mode: string): boolean => mode === 'schedule' || mode === 'motion_in_schedule';
export const hasRolls = (mode: string): boolean => mode !== 'off' && mode !== 'schedule';
