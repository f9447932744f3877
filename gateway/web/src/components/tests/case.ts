// One component in one situation, and what a person then reads of it.

import type { Component } from 'svelte';
import type { Devices, Recorded, Settings, Sites } from '../../api/api';
import type { Answers } from '../../../dev/alone';
import { answer } from '../../../dev/answers';
import type { ShownDevice } from '../../state/page.svelte';

export interface Case {
  /** The component's file below `components`, and the situation. */
  of: string;
  when: 'typical' | 'empty' | 'long names' | 'refused' | 'out of reach' | 'waiting' | 'the past' | (string & {});
  show: Component;
  props: object;
  at?: string;
  answers?: Answers;
  /** Pressed after it is shown, by what stands on it. */
  press?: string;
  reads: readonly (string | RegExp)[];
  not?: readonly (string | RegExp)[];
}

/** Checks the properties of a case against those of its component, and forgets their type. */
export function of<P extends object>(
  component: Component<P>,
  file: string,
  cases: readonly (Omit<Case, 'of' | 'show' | 'props'> & { props: P })[],
): Case[] {
  return cases.map((one) => ({ ...one, of: file, show: component as unknown as Component }));
}

export const LONG = 'Nordwestliche Laderampe der Halle mit den drei alten Transformatoren '.repeat(3).trim();

const asked = <T>(path: string, query: Record<string, string> = {}): T =>
  answer(`/api/v1${path}`, new URLSearchParams(query)) as T;

export const demo = (): Devices => structuredClone(asked<Devices>('/sites/DEMO/devices'));
export const sites = (): Sites => structuredClone(asked<Sites>('/sites'));
export const settingsOf = (device: string): Settings =>
  structuredClone(asked<Settings>(`/sites/DEMO/devices/${device}/settings`));
export const eventsOf = (device: string, type: string): Recorded[] =>
  asked<{ events: Recorded[] }>('/events', { site: 'DEMO', device, type, limit: '5' }).events;
export { asked };

export function device(id: string, changes: Partial<ShownDevice> = {}): ShownDevice {
  const found = demo().devices.find((one) => one.device === id);
  if (!found) throw new Error(`the world of the tests has no ${id}`);
  return { ...found, news: null, ...changes };
}
