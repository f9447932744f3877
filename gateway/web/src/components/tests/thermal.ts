// What a thermal sensor says of itself, and how it is set.

import { rois } from '../../../dev/world';
import type { Resource } from '../../api/resource.svelte';
import type { Settings } from '../../api/api';
import RegionLimits from '../thermal/RegionLimits.svelte';
import ThermalMinute from '../ThermalMinute.svelte';
import SensorState from '../thermal/SensorState.svelte';
import ThermographyForm from '../thermal/ThermographyForm.svelte';
import { LONG, device, of, settingsOf, type Case } from './case';

const asResource = (data: Settings | null): Resource<Settings> => ({ data, error: null }) as Resource<Settings>;
const t1 = device('transformer');
const settings = settingsOf('transformer');
const field = (path: string, unit: string) => ({
  path,
  description: null,
  minimum: 0,
  above: null,
  maximum: 100,
  longest: null,
  unit,
  choices: null,
  default: null,
});
const fields = { fields: [field('thermography.chessboard_c', '°C')] };

export const thermalParts: Case[] = [
  ...of(ThermalMinute, 'ThermalMinute.svelte', [
    {
      when: 'typical',
      props: { devices: [t1], tile: null, at: Date.now() - 60_000 },
      answers: { events: { events: [], next: null, head: 0 }, thumbnails: { count: 0, thumbnails: [] } },
      reads: ['Thermal', t1.name, 'Nothing was measured at this moment'],
    },
    { when: 'empty', props: { devices: [], tile: null, at: 0 }, reads: ['Thermal'] },
  ]),
  ...of(ThermographyForm, 'thermal/ThermographyForm.svelte', [
    {
      when: 'typical',
      props: { device: t1, settings: asResource(settings), fields },
      reads: ['Thermography', 'Hot spot above', 'Average with frames before', 'Replace broken pixels', '12, 7', 'Save'],
    },
    { when: 'waiting', props: { device: t1, settings: asResource(null), fields: null }, reads: [/^$/] },
  ]),
  ...of(RegionLimits, 'thermal/RegionLimits.svelte', [
    {
      when: 'typical',
      props: { device: t1, settings: asResource(settings), fields },
      reads: ['top_winding', 'Emissivity', 'Group', 'Rises at most', 'Above its group at most', 'Save'],
    },
    {
      when: 'long names',
      props: {
        device: t1,
        settings: asResource({ ...settings, rois: rois.map((one, i) => ({ ...one, name: `${LONG} ${i}` })) }),
        fields,
      },
      reads: [`${LONG} 0`],
    },
    { when: 'empty', props: { device: t1, settings: asResource({ ...settings, rois: [] }), fields }, reads: [/^$/] },
  ]),
  ...of(SensorState, 'thermal/SensorState.svelte', [
    {
      when: 'typical',
      props: { device: t1 },
      reads: ['Thermal picture torn', '1 pixel masked: 31, 23 (stuck at 110.0 °C)'],
    },
    {
      when: 'empty',
      props: { device: t1 },
      answers: { '/events': { events: [], next: null, head: 1 } },
      reads: [/^$/],
      not: [/masked/],
    },
  ]),
];
