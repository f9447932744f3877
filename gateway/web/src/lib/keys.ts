// One map from keys to effects, so that a key does exactly one thing, and nothing while somebody types.

export interface KeyPress {
  key: string;
  ctrlKey?: boolean;
  metaKey?: boolean;
  altKey?: boolean;
  repeat?: boolean;
}

export type PlaybackAction =
  | { do: 'toggle' }
  | { do: 'skip'; seconds: number }
  | { do: 'faster'; by: number }
  | { do: 'jump'; share: number }
  | { do: 'frame'; by: 1 | -1 }
  | { do: 'fullscreen' }
  | { do: 'mute' };

const playback: Record<string, PlaybackAction> = {
  ' ': { do: 'toggle' },
  k: { do: 'toggle' },
  arrowleft: { do: 'skip', seconds: -5 },
  arrowright: { do: 'skip', seconds: 5 },
  j: { do: 'skip', seconds: -10 },
  l: { do: 'skip', seconds: 10 },
  arrowup: { do: 'faster', by: 0.25 },
  arrowdown: { do: 'faster', by: -0.25 },
  ',': { do: 'frame', by: -1 },
  '.': { do: 'frame', by: 1 },
  f: { do: 'fullscreen' },
  m: { do: 'mute' },
};

const once = new Set(['toggle', 'fullscreen', 'mute']);

export function playbackAction(press: KeyPress): PlaybackAction | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  const action = /^[0-9]$/.test(press.key)
    ? ({ do: 'jump', share: Number(press.key) / 10 } as const)
    : (playback[press.key.toLowerCase()] ?? null);
  return action && press.repeat && once.has(action.do) ? null : action;
}

export const SPEEDS = [0.5, 1, 1.5, 2, 4] as const;

export function changedSpeed(speed: number, by: number): number {
  return Math.min(4, Math.max(0.25, Math.round((speed + by) * 4) / 4));
}

export function nearestSpeed(speed: number): number {
  return [...SPEEDS].sort((a, b) => Math.abs(a - speed) - Math.abs(b - speed))[0] ?? 1;
}

export type GlobalAction = 'help' | 'now' | 'wall' | 'timeline' | 'playback' | 'dashboard' | 'alerts' | 'system' | 'settings' | 'theme' | 'closer' | 'farther';

const globals: Record<string, GlobalAction> = { '?': 'help', n: 'now', escape: 'now', t: 'theme', '+': 'closer', '=': 'closer', '-': 'farther' };
const places: Record<string, GlobalAction> = {
  w: 'wall', t: 'timeline', p: 'playback', d: 'dashboard', a: 'alerts', s: 'system', e: 'settings',
};

/** `g` and then a letter goes to a view; `after` is the key pressed just before. */
export function globalAction(press: KeyPress, after: string | null): GlobalAction | null {
  if (press.ctrlKey || press.metaKey || press.altKey || press.repeat) return null;
  const key = press.key.toLowerCase();
  return (after === 'g' ? places[key] : undefined) ?? globals[key] ?? null;
}

/** Fields take their keys themselves; a slider or button keeps the keys that work it. */
export function typesInto(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement;
}

export function worksItself(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (key === ' ' || key === 'Enter') return target.closest('button, a, summary') !== null;
  return key.startsWith('Arrow') && target.closest('[role=slider], [role=tablist], [role=radiogroup]') !== null;
}

export interface KeyHelp {
  keys: string[];
  does: string;
}

export const globalHelp: KeyHelp[] = [
  { keys: ['?'], does: 'Show these keys' },
  { keys: ['n', 'Esc'], does: 'Back to now' },
  { keys: ['+', '−'], does: 'Time bar closer or farther' },
  { keys: ['g', 'w'], does: 'Wall' },
  { keys: ['g', 't'], does: 'Timeline' },
  { keys: ['g', 'p'], does: 'Playback' },
  { keys: ['g', 'd'], does: 'Dashboard' },
  { keys: ['g', 'a'], does: 'Alerts' },
  { keys: ['g', 's'], does: 'System' },
  { keys: ['g', 'e'], does: 'Settings' },
  { keys: ['t'], does: 'Light, dark or automatic' },
];

export const playbackHelp: KeyHelp[] = [
  { keys: ['Space', 'K'], does: 'Play or pause' },
  { keys: ['←', '→'], does: '5 s back or on' },
  { keys: ['J', 'L'], does: '10 s back or on' },
  { keys: ['↑', '↓'], does: 'Speed +0.25 or −0.25' },
  { keys: ['0', '…', '9'], does: 'Jump to 0 … 90 % of the range' },
  { keys: [',', '.'], does: 'One frame, while paused' },
  { keys: ['F'], does: 'Full screen' },
  { keys: ['M'], does: 'Mute all' },
];

export const timelineHelp: KeyHelp[] = [
  { keys: ['Space'], does: 'Play or pause' },
  { keys: ['←', '→'], does: 'One minute back or on' },
  { keys: ['[', ']'], does: 'Previous or next incident' },
];
