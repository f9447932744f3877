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
  | { do: 'event'; by: 1 | -1 }
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
  '[': { do: 'event', by: -1 },
  ']': { do: 'event', by: 1 },
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

export const SPEEDS = [0.25, 0.5, 1, 1.5, 2, 4, 8] as const;

/** Keys go from 0.25 to 4; a faster speed of a button is made slower by them, and never by the key for faster. */
export function changedSpeed(speed: number, by: number): number {
  if (by > 0 && speed > 4) return speed;
  return Math.min(4, Math.max(0.25, Math.round((speed + by) * 4) / 4));
}

export function nearestSpeed(speed: number): number {
  return [...SPEEDS].sort((a, b) => Math.abs(a - speed) - Math.abs(b - speed))[0] ?? 1;
}

export const wallHelp: KeyHelp[] = [
  { keys: ['/'], does: 'Search' },
  { keys: ['F'], does: 'Full screen' },
  { keys: ['[', ']'], does: 'Fewer or more columns' },
];

export type GlobalAction =
  | 'help'
  | 'now'
  | 'wall'
  | 'timeline'
  | 'playback'
  | 'dashboard'
  | 'alerts'
  | 'system'
  | 'settings'
  | 'theme'
  | 'closer'
  | 'farther';

const globals: Record<string, GlobalAction> = {
  '?': 'help',
  n: 'now',
  escape: 'now',
  t: 'theme',
  '+': 'closer',
  '=': 'closer',
  '-': 'farther',
};
const places: Record<string, GlobalAction> = {
  w: 'wall',
  t: 'timeline',
  p: 'playback',
  d: 'dashboard',
  a: 'alerts',
  s: 'system',
  e: 'settings',
};

/** `g` and then a letter goes to a view; `after` is the key pressed just before. */
export function globalAction(press: KeyPress, after: string | null): GlobalAction | null {
  if (press.ctrlKey || press.metaKey || press.altKey || press.repeat) return null;
  const key = press.key.toLowerCase();
  return (after === 'g' ? places[key] : undefined) ?? globals[key] ?? null;
}

/** Inputs that are worked, not typed into. */
const WORKED = new Set(['range', 'checkbox', 'radio', 'button', 'submit', 'reset', 'color', 'file']);

/** What a key press needs to know of the element that has the focus. */
export interface Focused {
  tag: string;
  type: string;
  role: string;
  editable: boolean;
}

export function focusedOf(target: EventTarget | null): Focused | null {
  if (!(target instanceof HTMLElement)) return null;
  const worked =
    target.closest<HTMLElement>('button, a, summary, [role=slider], [role=tablist], [role=radiogroup]') ?? target;
  return {
    tag: worked.tagName.toLowerCase(),
    type: worked instanceof HTMLInputElement ? worked.type : '',
    role: worked.getAttribute('role') ?? '',
    editable: target.isContentEditable,
  };
}

/** Fields take their keys themselves; a slider or button keeps only the keys that work it. */
export function isTypedInto(focused: Focused | null): boolean {
  if (!focused) return false;
  return (
    focused.editable ||
    focused.tag === 'textarea' ||
    focused.tag === 'select' ||
    (focused.tag === 'input' && !WORKED.has(focused.type))
  );
}

const SLIDER_KEYS = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown']);

/** Whether the element that has the focus does something of its own with this key. */
export function isWorkedBy(focused: Focused | null, key: string): boolean {
  if (!focused) return false;
  if (focused.type === 'range' || ['slider', 'tablist', 'radiogroup'].includes(focused.role))
    return SLIDER_KEYS.has(key);
  if (focused.tag === 'input') return key === ' ' || (focused.type === 'radio' && key.startsWith('Arrow'));
  if (focused.tag === 'a') return key === 'Enter';
  return ['button', 'summary'].includes(focused.tag) && (key === ' ' || key === 'Enter');
}

/** Whether a dialog lies over the page: the keys are its own then. */
export const isOverlaid = (): boolean => document.querySelector('dialog[open]') !== null;
export const typesInto = (target: EventTarget | null): boolean => isTypedInto(focusedOf(target));
export const worksItself = (target: EventTarget | null, key: string): boolean => isWorkedBy(focusedOf(target), key);

/** A control that was worked with the pointer gives the keys back to the view; who came by the keyboard stays there. */
export function givesKeysBack(node: HTMLElement): { destroy: () => void } {
  let byPointer = false;
  const pointed = (): void => void (byPointer = true);
  const pressed = (): void => void (byPointer = false);
  const released = ({ target }: Event): void => {
    if (!byPointer || !(target instanceof HTMLElement)) return;
    const focused = focusedOf(target);
    if (
      focused?.tag === 'select' ||
      focused?.type === 'range' ||
      focused?.type === 'date' ||
      focused?.type === 'checkbox'
    )
      target.blur();
  };
  node.addEventListener('pointerdown', pointed, true);
  node.addEventListener('keydown', pressed, true);
  node.addEventListener('change', released);
  return {
    destroy: () => {
      node.removeEventListener('pointerdown', pointed, true);
      node.removeEventListener('keydown', pressed, true);
      node.removeEventListener('change', released);
    },
  };
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
  { keys: ['[', ']'], does: 'Previous or next event' },
  { keys: ['Shift', 'drag'], does: 'Choose a range on the time bar' },
  { keys: ['F'], does: 'Full screen' },
  { keys: ['M'], does: 'Mute all' },
  { keys: ['B'], does: 'Note this moment' },
];

export const timelineHelp: KeyHelp[] = [
  { keys: ['Space'], does: 'Play or pause' },
  { keys: ['←', '→'], does: 'One minute back or on' },
  { keys: ['[', ']'], does: 'Previous or next incident' },
];
