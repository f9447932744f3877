// What a thermal sensor says of itself, and how it is set.

import type { Resource } from '../../api/resource.svelte';
import type { Settings } from '../../api/api';
import ThermalMinute from '../ThermalMinute.svelte';
import LoadChart from '../thermal/LoadChart.svelte';
import SensorState from '../thermal/SensorState.svelte';
import ThermographyForm from '../thermal/ThermographyForm.svelte';
import { device, of, settingsOf, type Case } from './case';

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
const HOUR = 3_600_000;
const load = { device: 'feeder', name: 'load', unit: 'A' };
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
  ...of(LoadChart, 'thermal/LoadChart.svelte', [
    {
      when: 'typical',
      props: { device: t1, from: Date.now() - HOUR, to: Date.now(), step: 60 },
      at: '/device?site=DEMO&device=transformer&load=feeder/load/A',
      answers: {
        'DEMO/readings': { series: [load, { ...load, name: 'oil_level', unit: '%' }] },
        'feeder/readings': { ...load, step_s: 60, points: [[Date.now() - 60_000, 400, 410, 405]] },
        correlation: {
          reading: load,
          regions: [
            {
              roi: 'top_winding',
              at_once: { pearson: 0.84, pairs: 58, lag_s: 0 },
              closest: { pearson: 0.97, pairs: 44, lag_s: 840 },
            },
          ],
        },
      },
      reads: [
        'feeder: Load, A',
        'Oil level, %',
        'Top winding: 0.84 over 58 minutes',
        '0.97 if the temperature is taken',
      ],
    },
    {
      when: 'nothing was measured',
      props: { device: t1, from: Date.now() - HOUR, to: Date.now(), step: 60 },
      at: '/device?site=DEMO&device=transformer&load=feeder/load/A',
      answers: {
        'DEMO/readings': { series: [load] },
        'feeder/readings': { ...load, step_s: 60, points: [] },
        correlation: { reading: load, regions: [] },
      },
      reads: ['Nothing was measured of it in this time'],
      not: [/Correlation/],
    },
    {
      when: 'empty',
      props: { device: t1, from: Date.now() - HOUR, to: Date.now(), step: 60 },
      reads: [/^$/],
    },
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
