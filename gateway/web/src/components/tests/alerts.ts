// Alerts, why they were raised, and who knows of them.

import { OUT_OF_REACH, WAITING, refused } from '../../../dev/alone';
import Acknowledge from '../Acknowledge.svelte';
import AlertWhy from '../why/AlertWhy.svelte';
import EvidencePicture from '../why/EvidencePicture.svelte';
import { LONG, asked, of, type Case } from './case';
import type { Alert, Alerts } from '../../api/api';
import AlertLine from '../alerts/AlertLine.svelte';

const nothing = (): void => undefined;
const [frozen] = asked<Alerts>('/alerts', { device: 'gate', state: 'open' }).alerts as [Alert];
const taken: Alert = {
  ...frozen,
  acknowledged: { by: 'Mara', time: frozen.raised, comment: 'The cable was loose' },
};
const now = Date.now();
const minutes = (n: number): string => new Date(now - n * 60_000).toISOString();

export const alertParts: Case[] = [
  ...of(Acknowledge, 'Acknowledge.svelte', [
    { when: 'typical', props: { alert: frozen, onchanged: nothing }, reads: ['Your name', 'Comment', 'Acknowledge'] },
    {
      when: 'nobody says who',
      props: { alert: frozen, onchanged: nothing },
      press: 'Acknowledge',
      reads: ['Say who you are, so that the others know'],
    },
    {
      when: 'taken note of',
      props: { alert: taken, onchanged: nothing },
      reads: ['Acknowledged by Mara', 'The cable was loose', 'Undo'],
    },
    {
      when: 'refused',
      props: { alert: taken, onchanged: nothing },
      answers: { unacknowledge: refused(409, 'Conflict', { detail: 'somebody else has taken it back' }) },
      press: 'Undo',
      reads: ['Somebody else has taken it back'],
    },
    {
      when: 'out of reach',
      props: { alert: taken, onchanged: nothing },
      answers: { unacknowledge: OUT_OF_REACH },
      press: 'Undo',
      reads: ['The gateway is out of reach'],
    },
    {
      when: 'long names',
      props: {
        alert: { ...taken, acknowledged: { by: LONG, time: frozen.raised, comment: LONG } },
        onchanged: nothing,
      },
      reads: [`Acknowledged by ${LONG}`],
    },
    {
      when: 'the past',
      at: `/alerts?site=DEMO&at=${minutes(1)}`,
      props: { alert: frozen, onchanged: nothing },
      reads: ['Not acknowledged at this moment.'],
      not: [/Your name/],
    },
  ]),
  ...of(EvidencePicture, 'why/EvidencePicture.svelte', [
    { when: 'typical', props: { of: 'DEMO/gate/capture/1', alt: 'First picture' }, reads: ['First picture'] },
  ]),
  ...of(AlertWhy, 'why/AlertWhy.svelte', [
    {
      when: 'typical',
      props: { id: frozen.id, shown: frozen, waiting: false, onchanged: nothing },
      reads: [
        'Why',
        'Picture frozen',
        'open',
        'North gate',
        'The rule',
        'Raised when 80 % of the frames',
        'Events that made it so',
      ],
    },
    {
      when: 'of an address that names nothing',
      props: { id: 'gone', shown: null, waiting: false, onchanged: nothing },
      answers: { why: refused(404, 'nobody asks for it') },
      reads: ['There is no such alert'],
      not: [/Try again/],
    },
    {
      when: 'too old for the list',
      props: { id: frozen.id, shown: null, waiting: false, onchanged: nothing },
      reads: ['Picture frozen', 'Events that made it so'],
    },
    {
      when: 'out of reach',
      props: { id: 'gone', shown: null, waiting: false, onchanged: nothing },
      answers: { alerts: OUT_OF_REACH },
      reads: ['The gateway is out of reach', 'Try again'],
    },
    {
      when: 'waiting',
      props: { id: frozen.id, shown: null, waiting: true, onchanged: nothing },
      answers: { why: WAITING },
      reads: ['Why', 'Loading'],
    },
  ]),
  ...of(AlertLine, 'alerts/AlertLine.svelte', [
    {
      when: 'typical',
      props: { alert: frozen, chosen: null },
      reads: ['Picture frozen', 'North gate', 'Not acknowledged'],
    },
    { when: 'taken note of', props: { alert: taken, chosen: taken.id }, reads: ['Acknowledged by Mara'] },
    {
      when: 'closed',
      props: { alert: { ...frozen, state: 'closed' }, chosen: null },
      reads: [],
      not: [/Not acknowledged/],
    },
  ]),
];
