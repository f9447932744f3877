import { describe, expect, it } from 'vitest';
import type { ShownDevice } from './page.svelte';
import { groupsOf } from './wall';

const device = (name: string, zones: string[], changes: Partial<ShownDevice> = {}): ShownDevice =>
  ({
    site: 'DEMO',
    device: name,
    name,
    zones,
    condition: 'ok',
    kinds: ['visual'],
    has: { thermal: false },
    ...changes,
  }) as unknown as ShownDevice;

const groups = (by: 'none' | 'zone' | 'condition', devices: ShownDevice[]): Record<string, string[]> =>
  Object.fromEntries(groupsOf(devices, by, (site) => site).map((one) => [one.name, one.devices.map((d) => d.name)]));

describe('the groups of a wall', () => {
  const devices = [device('dock', ['Ramp']), device('yard', ['Ramp', 'Gate']), device('attic', [])];

  it('are one without a name where nothing was chosen', () => {
    expect(groups('none', devices)).toEqual({ '': ['dock', 'yard', 'attic'] });
  });

  it('by zone have a device in each of its zones, and those without one together', () => {
    expect(groups('zone', devices)).toEqual({ Ramp: ['dock', 'yard'], Gate: ['yard'], 'No zone': ['attic'] });
  });

  it('stand in the order of the devices, which is the worst first', () => {
    expect(Object.keys(groups('condition', [device('a', [], { condition: 'critical' }), device('b', [])]))).toEqual([
      'Critical',
      'Healthy',
    ]);
  });
});
