// The commands of a device in words, and the buttons by which people give them.

const WORDS: Record<string, string> = {
  snapshot: 'Snapshot',
  settings: 'Settings',
  rebuild: 'Rebuild',
  record: 'Record now',
  night_mode: 'Night mode',
  reconnect: 'Reconnect',
  restart: 'Restart',
  restart_agent: 'Restart of the agent',
  identify: 'Identify',
};
export const commandWord = (name: string): string =>
  WORDS[name] ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');

const STATES: Record<string, string> = {
  asked: 'asked for',
  pending: 'no answer yet',
  done: 'done',
  failed: 'failed',
  timed_out: 'not answered in time',
};
export const commandStateWord = (state: string): string => STATES[state] ?? state;

export interface CommandAction {
  name: string;
  label: string;
  hint: string;
  arguments: Record<string, unknown>;
}

const HOURS_12 = 43_200;
const ACTIONS: readonly CommandAction[] = [
  { name: 'record', label: 'Record 1 min', hint: 'Record now, whatever the mode is', arguments: { seconds: 60 } },
  {
    name: 'night_mode',
    label: 'Night',
    hint: 'Take it for night for 12 hours',
    arguments: { night: true, seconds: HOURS_12 },
  },
  {
    name: 'night_mode',
    label: 'Day',
    hint: 'Take it for day for 12 hours',
    arguments: { night: false, seconds: HOURS_12 },
  },
  { name: 'night_mode', label: 'Night by settings', hint: 'Let the settings decide again', arguments: { night: null } },
  { name: 'reconnect', label: 'Reconnect', hint: 'Close the camera or sensor and open it again', arguments: {} },
  { name: 'restart', label: 'Restart', hint: 'Build everything of this device anew', arguments: {} },
  {
    name: 'restart_agent',
    label: 'Restart agent',
    hint: 'Start its agent again; all devices of it are away for a few seconds',
    arguments: {},
  },
  { name: 'identify', label: 'Identify', hint: 'Say which machine it is, and let its light blink', arguments: {} },
];

/** Those that the device offers; what needs arguments that the page does not know is not among them. */
export const commandActions = (offered: readonly string[]): CommandAction[] =>
  ACTIONS.filter((action) => offered.includes(action.name));
