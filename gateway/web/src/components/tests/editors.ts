// Where settings of a device are drawn, and where somebody signs in.

import type { Settings } from '../../api/api';
import { OUT_OF_REACH, asResource, refused } from '../../../dev/alone';
import { rois } from '../../../dev/world';
import AlignmentEditor from '../AlignmentEditor.svelte';
import RoiEditor from '../RoiEditor.svelte';
import SignIn from '../SignIn.svelte';
import ThermalStill from '../ThermalStill.svelte';
import ZoneEditor from '../ZoneEditor.svelte';
import { LONG, device, of, settingsOf, type Case } from './case';

const nothing = (): void => undefined;
const zones = settingsOf('yard').zones ?? [];
const regions = rois.slice(1);
const yard = device('yard');
const t1 = device('transformer');

const shapes: Case[] = [
  ...of(RoiEditor, 'RoiEditor.svelte', [
    {
      when: 'typical',
      props: { device: t1, initial: regions, onsaved: nothing },
      reads: [
        'Region editor',
        'Region top_winding',
        'Top left of top_winding',
        '80 / 90 / 100 °C',
        'Delete bottom_oil',
        'Emissivity',
        'Warning °C',
        'Pole mounted',
      ],
    },
    {
      when: 'empty',
      props: { device: t1, initial: [], onsaved: nothing },
      reads: ['No region yet', 'Add a region'],
      not: [/Emissivity/],
    },
    {
      when: 'long names',
      props: { device: t1, initial: regions.map((one, i) => ({ ...one, name: `${LONG} ${i}` })), onsaved: nothing },
      reads: [`Delete ${LONG} 0`],
    },
    {
      when: 'one more',
      props: { device: t1, initial: [], onsaved: nothing },
      press: 'Add a region',
      reads: ['Without a name', 'Give the region a name, then save', 'Delete the region without a name'],
    },
    {
      when: 'out of reach',
      props: { device: t1, initial: regions, onsaved: nothing },
      answers: { 'roi-sets': OUT_OF_REACH, settings: OUT_OF_REACH },
      reads: ['Region editor', 'Save'],
      not: [/Begin with/],
    },
  ]),
  ...of(ZoneEditor, 'ZoneEditor.svelte', [
    {
      when: 'typical',
      props: { device: yard, initial: zones, onsaved: nothing },
      reads: [
        'Zone editor',
        'Ramp',
        'nobody may enter',
        'Corner 1, at 10 % and 55 % of Ramp',
        'At most so many people',
        'Copy those of',
      ],
    },
    {
      when: 'empty',
      props: { device: yard, initial: [], onsaved: nothing },
      reads: ['No zone yet', 'Add a zone'],
      not: [/Corner/],
    },
    {
      when: 'long names',
      props: { device: yard, initial: zones.map((one) => ({ ...one, name: LONG })), onsaved: nothing },
      reads: [`Delete ${LONG}`],
    },
    {
      when: 'one more',
      props: { device: yard, initial: [], onsaved: nothing },
      press: 'Add a zone',
      reads: ['Without a name', 'Corner 4, at 35 % and 65 % of the zone'],
    },
  ]),
];

const SQUARE: [number, number][] = [
  [0.2, 0.2],
  [0.8, 0.2],
  [0.8, 0.8],
  [0.2, 0.8],
];
const fused = (changes: Partial<Settings['fusion']>) => {
  const fusion: Settings['fusion'] = { alignment: null, form: 'mixed', thermal_share: 0.4, ...changes };
  return asResource<Settings>({ ...settingsOf('transformer'), fusion });
};

const alignments: Case[] = of(AlignmentEditor, 'AlignmentEditor.svelte', [
  {
    when: 'typical',
    props: {
      device: t1,
      settings: fused({ alignment: { by: 'points', visual: SQUARE, thermal: SQUARE } }),
      fields: null,
    },
    reads: [
      'Both show the same',
      'Enough to be saved; more make it better',
      'Point 4 in the heat, at 20 % and 80 %',
      'Part of the heat',
    ],
  },
  {
    when: 'empty',
    props: { device: t1, settings: fused({}), fields: null },
    press: 'By points',
    reads: ['4 pairs are missing', 'What is saved stays until the pairs are complete'],
    not: [/Point 1/],
  },
  {
    when: 'by the lenses, outlines',
    props: { device: t1, settings: fused({ form: 'edges' }), fields: null },
    press: 'By the lenses',
    reads: ['Angle of the thermal sensor, degrees', 'Angle of the camera, degrees', 'Outlines over the heat'],
    not: [/Part of the heat/],
  },
]);

export const editors: Case[] = [
  ...alignments,
  ...shapes,
  ...shapes.slice(0, 1).map((one) => ({
    ...one,
    of: 'ShapeEditor.svelte',
    when: 'under the regions',
    reads: ['Regions', 'Undo', 'Close the editor'],
  })),
  ...shapes.slice(0, 1).map((one) => ({
    ...one,
    of: 'ShapeLayer.svelte',
    when: 'over the regions',
    reads: ['Region top_winding', 'Region bottom_oil', 'Bottom right of top_winding'],
  })),
  ...of(ThermalStill, 'ThermalStill.svelte', [
    { when: 'typical', props: { device: t1 }, reads: ['Transformer T1, thermal picture'] },
    { when: 'long names', props: { device: device('transformer', { name: LONG }) }, reads: [LONG] },
  ]),
  ...of(SignIn, 'SignIn.svelte', [
    { when: 'typical', props: { onsigned: nothing }, reads: ['Sign in to Watchpost', 'Access token', 'Sign in'] },
    {
      when: 'refused',
      props: { onsigned: nothing },
      answers: { session: refused(401, 'Unauthorized', { detail: 'this is not the token' }) },
      reads: ['Sign in'],
    },
  ]),
];
