// What the dashboard of a day consists of.

import type { Dashboard } from '../../api/api';
import { dateIn } from '../../format/time';
import PeopleByDevice from '../dashboard/PeopleByDevice.svelte';
import PeopleByHour from '../dashboard/PeopleByHour.svelte';
import Triggers from '../dashboard/Triggers.svelte';
import { LONG, asked, of, type Case } from './case';

const date = dateIn(Date.now(), 'Europe/Berlin');
const board = asked<Dashboard>('/dashboard/DEMO');
const busy: Dashboard['zones'][string] = { peak: 3, events: 1200, intensity: 'high' };

export const dashboardParts: Case[] = [
  ...of(PeopleByHour, 'dashboard/PeopleByHour.svelte', [
    {
      when: 'typical',
      props: { date, hourly: board.hourly },
      reads: ['People by hour', 'most at once, Europe/Berlin'],
    },
    { when: 'empty', props: { date, hourly: [] }, reads: ['00:00 · nothing counted'] },
    {
      when: 'the clocks are set back',
      props: {
        date: '2025-10-26',
        hourly: [
          { hour: 2, repeated: false, count: 1, intensity: 'low' },
          { hour: 2, repeated: true, count: 9, intensity: 'high' },
        ],
      },
      reads: ['02:00 UTC+2 · 1 person, low', '02:00 UTC+1 · 9 people, high'],
    },
    {
      when: 'somebody came in the second of two hours alone',
      props: { date: '2025-10-26', hourly: [{ hour: 2, repeated: true, count: 9, intensity: 'high' }] },
      reads: ['02:00 UTC+2 · nothing counted', '02:00 UTC+1 · 9 people, high'],
    },
  ]),
  ...of(PeopleByDevice, 'dashboard/PeopleByDevice.svelte', [
    { when: 'typical', props: { zones: [['yard', busy]] }, reads: ['Yard', '3', '1,200', 'High'] },
    { when: 'empty', props: { zones: [] }, reads: ['People by device'] },
    { when: 'long names', props: { zones: [[LONG, busy]] }, reads: [LONG] },
  ]),
  ...of(Triggers, 'dashboard/Triggers.svelte', [
    {
      when: 'typical',
      props: { triggers: [['LINE_CROSSED', 12]], total: 1400 },
      reads: ['Line crossed', '12', '1,400'],
    },
    { when: 'empty', props: { triggers: [], total: 0 }, reads: ['No trigger on this day', 'Total events 0'] },
  ]),
];
