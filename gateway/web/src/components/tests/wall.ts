// The wall: tiles, lines, and the devices of other sites.

import { OUT_OF_REACH } from '../../../dev/alone';
import Grid from '../wall/Grid.svelte';
import Rows from '../wall/Rows.svelte';
import SiteWall from '../wall/SiteWall.svelte';
import Tile from '../wall/Tile.svelte';
import { LONG, device, of, type Case } from './case';

const nothing = (): void => undefined;
const news = { time: new Date(Date.now() - 90_000).toISOString(), position: 7, summary: '3 people' };
const grid = { columns: 2, fills: false, focus: false };

export const wallParts: Case[] = [
  ...of(Grid, 'wall/Grid.svelte', [
    {
      when: 'typical',
      props: { ...grid, devices: [device('yard'), device('dock')] },
      reads: ['Yard', 'Healthy', 'Loading dock', 'Offline'],
    },
    { when: 'empty', props: { ...grid, devices: [] }, reads: [/^$/] },
    {
      when: 'two hundred',
      props: {
        ...grid,
        columns: null,
        devices: Array.from({ length: 200 }, (_, i) => device('yard', { device: `cam-${i}`, name: `Hall ${i}` })),
      },
      reads: ['Hall 0', 'Hall 199'],
    },
  ]),
  ...of(Rows, 'wall/Rows.svelte', [
    {
      when: 'typical',
      props: { devices: [device('gate', { news })] },
      reads: ['North gate', 'Picture frozen', '3 people', /\d min ago/],
    },
    { when: 'empty', props: { devices: [] }, reads: [/^$/] },
    { when: 'long names', props: { devices: [device('yard', { name: LONG })] }, reads: [LONG] },
  ]),
  ...of(SiteWall, 'wall/SiteWall.svelte', [
    { when: 'typical', props: { site: 'HEAD_OFFICE', onfound: nothing }, reads: [/^$/] },
    {
      when: 'out of reach',
      props: { site: 'HEAD_OFFICE', onfound: nothing },
      answers: { '/HEAD_OFFICE/devices': OUT_OF_REACH },
      reads: [/^$/],
    },
  ]),
  ...of(Tile, 'wall/Tile.svelte', [
    {
      when: 'typical',
      props: { device: device('yard', { news }), every: 1000 },
      reads: ['Yard', 'Healthy', '3 people', /\d min ago/],
    },
    {
      when: 'empty',
      props: {
        device: device('yard', { has: { hls: true, thermal: false, fusion: false, picture: false } }),
        every: 1000,
      },
      reads: ['No picture yet', 'Nothing of note yet'],
    },
    {
      when: 'a device that is away',
      props: { device: device('dock'), every: 1000 },
      reads: ['Loading dock', 'Offline', 'The node’s last will arrived'],
    },
    { when: 'long names', props: { device: device('yard', { name: LONG }), every: 1000 }, reads: [LONG] },
  ]),
];
