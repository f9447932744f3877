// How the devices of a wall are chosen, grouped and laid out.

import type { ShownDevice } from './page.svelte';
import { MOST_COLUMNS, type Grouping } from './wall_choices.ts';
import { conditionTone, conditionWord, incidentWord, reasonWord, type Tone } from '../format/words';

/** Columns as somebody chose them, or as many as let all devices be seen. */
export function columnsFor(count: number, asked: string | undefined): number | null {
  const chosen = Number(asked);
  if (Number.isInteger(chosen) && chosen >= 1 && chosen <= MOST_COLUMNS) return chosen;
  if (count <= 1) return 1;
  if (count <= 4) return 2;
  if (count <= 9) return 3;
  return count <= 16 ? 4 : null;
}

/** One column more or fewer, beginning with those on screen; beyond the ends it is left to the page again. */
export function nextColumns(now: number, by: 1 | -1): string {
  const next = now + by;
  return next < 1 || next > MOST_COLUMNS ? '' : String(next);
}

const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replaceAll(/\p{Diacritic}/gu, '')
    .toLowerCase();

/** Every word of a search is in the name, the id or the condition. */
export function isFound(device: Pick<ShownDevice, 'name' | 'device' | 'condition' | 'types'>, search: string): boolean {
  const text = plain(
    [device.name, device.device, conditionWord(device.condition, device.types), ...device.types.map(incidentWord)].join(
      ' ',
    ),
  );
  return plain(search)
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export interface Group {
  name: string;
  devices: ShownDevice[];
}

const toneGroups: Record<Tone, string> = {
  crit: 'Critical',
  warn: 'Warning',
  unknown: 'No data yet',
  ok: 'Healthy',
  quiet: 'Healthy',
};

function kindOf({ kinds, has }: ShownDevice): string {
  if (has.thermal) return kinds.includes('visual') ? 'Cameras with a thermal sensor' : 'Thermal sensors';
  return kinds.includes('visual') ? 'Cameras' : 'Other devices';
}

/** In the order of the devices, which is the worst first; so a group with trouble comes before one without. A device is
 * in the group of each of its zones.
 */
export function groupsOf(devices: readonly ShownDevice[], by: Grouping, siteName: (site: string) => string): Group[] {
  const namesOf: Record<Grouping, (device: ShownDevice) => string[]> = {
    none: () => [''],
    site: (device) => [siteName(device.site)],
    zone: ({ zones }) => (zones.length ? zones : ['No zone']),
    condition: (device) => [toneGroups[conditionTone(device.condition)]],
    kind: (device) => [kindOf(device)],
  };
  const groups = new Map<string, ShownDevice[]>();
  for (const device of devices)
    for (const name of namesOf[by](device)) groups.set(name, [...(groups.get(name) ?? []), device]);
  return [...groups].map(([name, found]) => ({ name, devices: found }));
}

export interface DeviceStatus {
  tone: Tone;
  word: string;
  why: string;
}

/** How a device is, and what more there is to say of it. */
export function statusOf(device: ShownDevice): DeviceStatus {
  const word = conditionWord(device.condition, device.types);
  const why = [...device.types.map(incidentWord), reasonWord(device.reason)].filter(
    (one, i, all) => one && one !== word && all.indexOf(one) === i,
  );
  return { tone: conditionTone(device.condition), word, why: device.condition === 'ok' ? '' : why.join(' · ') };
}
