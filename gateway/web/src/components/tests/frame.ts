// What stands around every view: the rail, the time bar, the strips, the keys.

import { createRawSnippet } from 'svelte';
import { OUT_OF_REACH, refused } from '../../../dev/alone';
import BarAlerts from '../BarAlerts.svelte';
import BarHandle from '../BarHandle.svelte';
import BarHint from '../BarHint.svelte';
import BarMoment from '../BarMoment.svelte';
import BarStates from '../BarStates.svelte';
import BarZoom from '../BarZoom.svelte';
import ClockStrip from '../ClockStrip.svelte';
import Connection from '../Connection.svelte';
import Contained from '../Contained.svelte';
import KeyHelp from '../KeyHelp.svelte';
import LeaveDialog from '../LeaveDialog.svelte';
import PastStrip from '../PastStrip.svelte';
import Rail from '../Rail.svelte';
import MorePlaces from '../rail/MorePlaces.svelte';
import RailTools from '../rail/RailTools.svelte';
import SitePicker from '../rail/SitePicker.svelte';
import StaleStrip from '../StaleStrip.svelte';
import TimeBar from '../TimeBar.svelte';
import UpdateStrip from '../UpdateStrip.svelte';
import { BarScale } from '../../state/bar_scale';
import { shareHint } from '../../state/bar_hint';
import type { Alert, Alerts } from '../../api/api';
import { LONG, asked, of, sites, type Case } from './case';

const nothing = (): void => undefined;
const words = (text: string) => createRawSnippet(() => ({ render: () => `<p>${text}</p>` }));
const failing = createRawSnippet(() => ({
  render: () => {
    throw new TypeError('an answer has another shape');
  },
}));
const HOUR_AGO = new Date(Date.now() - 3_600_000).toISOString();
const [raised] = asked<Alerts>('/alerts', { device: 'gate', state: 'open' }).alerts as [Alert];
const scale = new BarScale({ from: Date.parse(raised.raised) - 60_000, to: Date.parse(raised.raised) + 60_000 }, 800);
const PAST = `/wall?site=DEMO&at=${HOUR_AGO}`;

export const frameParts: Case[] = [
  ...of(BarAlerts, 'BarAlerts.svelte', [
    { when: 'empty', props: { alerts: [], scale, at: Date.now() }, reads: [/^$/] },
    { when: 'typical', props: { alerts: [raised], scale, at: Date.now() }, reads: ['North gate: '] },
    {
      when: 'raised outside of what the bar shows',
      props: { alerts: [{ ...raised, raised: HOUR_AGO.replace(/^\d+/, '2020') }], scale, at: Date.now() },
      reads: [/^$/],
    },
  ]),
  ...of(BarHandle, 'BarHandle.svelte', [
    {
      when: 'typical',
      props: { at: Date.now(), scale, count: 1440, from: 0 },
      reads: [/^Moment shown Now, \d\d:\d\d$/],
    },
    {
      when: 'the past',
      at: PAST,
      props: { at: Date.parse(HOUR_AGO), scale, count: 1440, from: 0 },
      reads: ['Moment shown'],
      not: [/\bNow\b/],
    },
  ]),
  ...of(BarHint, 'BarHint.svelte', [
    {
      when: 'typical',
      props: { hint: shareHint(Date.parse(raised.raised), 'North gate', null), scale, lines: true },
      reads: [/^\d\d:\d\d North gate No data$/],
    },
  ]),
  ...of(BarMoment, 'BarMoment.svelte', [
    { when: 'typical', props: { at: Date.now(), seconds: true, toIncident: nothing }, reads: [/Now \d\d:\d\d:\d\d/] },
    {
      when: 'the past',
      at: PAST,
      props: { at: Date.parse(HOUR_AGO), seconds: false, toIncident: nothing },
      reads: ['Previous incident', 'Next incident', /\d\d:\d\d/],
      not: [/\bNow\b/],
    },
  ]),
  ...of(BarStates, 'BarStates.svelte', [
    {
      when: 'typical',
      props: {
        states: ['ok', 'incident', 'no_data'],
        incidents: [{ first: 1, minutes: 1, condition: 'warning', types: ['freeze'] }],
        from: 0,
        shown: { from: 0, to: 180_000 },
      },
      reads: [/^$/],
    },
  ]),
  ...of(BarZoom, 'BarZoom.svelte', [
    { when: 'typical', props: { reach: 3_600_000, zoom: nothing }, reads: ['Time bar shows 1 h', 'Farther', 'Closer'] },
  ]),
  ...of(ClockStrip, 'ClockStrip.svelte', [
    {
      when: 'typical',
      props: { aheadMs: 3_700_000 },
      reads: ['The clock of this computer is 1 h 1 min ahead of that of the hub'],
    },
    { when: 'behind', props: { aheadMs: -90_000 }, reads: ['1 min 30 s behind that of the hub'] },
  ]),
  ...of(Contained, 'Contained.svelte', [
    { when: 'typical', props: { what: 'Wall', children: words('Nine cameras') }, reads: [/^Nine cameras$/] },
    {
      when: 'it fails',
      props: { what: 'Wall', children: failing },
      reads: ['Wall failed', 'The other parts of the page go on', 'Try again', 'Load the page anew'],
    },
  ]),
  ...of(Connection, 'Connection.svelte', [
    { when: 'waiting', props: {}, reads: ['No message yet', 'Connecting'] },
    { when: 'out of reach', props: {}, answers: { sites: OUT_OF_REACH }, reads: ['Out of reach'] },
  ]),
  ...of(KeyHelp, 'KeyHelp.svelte', [
    {
      when: 'typical',
      props: { view: 'playback', onclose: nothing },
      reads: ['Keys', 'Playback', 'Everywhere'],
      not: [/Timeline\b.*Everywhere/],
    },
    {
      when: 'a view without keys of its own',
      props: { view: 'system', onclose: nothing },
      reads: ['Everywhere'],
      not: [/Speed/],
    },
  ]),
  ...of(LeaveDialog, 'LeaveDialog.svelte', [
    { when: 'typical', props: {}, reads: ['Not saved yet', 'Stay', 'Leave without saving'] },
  ]),
  ...of(PastStrip, 'PastStrip.svelte', [
    { when: 'typical', at: PAST, props: { stale: false }, reads: ['Not live', '1 h ago', 'Back to now'] },
    { when: 'out of reach', at: PAST, props: { stale: true }, reads: ['Not live', 'Reconnecting'] },
  ]),
  ...of(Rail, 'Rail.svelte', [
    {
      when: 'typical',
      props: { unseenAlerts: 3, onhelp: nothing },
      reads: ['Watchpost', 'Demo yard', 'Wall', 'Timeline', 'Alerts 3 not acknowledged', 'Show the keys'],
    },
    {
      when: 'empty',
      props: { unseenAlerts: 0, onhelp: nothing },
      answers: { sites: { ...sites(), sites: [] } },
      reads: ['Loading…'],
      not: [/not acknowledged/],
    },
    {
      when: 'out of reach',
      props: { unseenAlerts: 0, onhelp: nothing },
      answers: { sites: OUT_OF_REACH },
      reads: ['Out of reach'],
    },
    {
      when: 'long names',
      props: { unseenAlerts: 0, onhelp: nothing },
      answers: { sites: { ...sites(), sites: sites().sites.map((one) => ({ ...one, name: LONG })) } },
      reads: [LONG],
    },
  ]),
  ...of(MorePlaces, 'rail/MorePlaces.svelte', [
    {
      when: 'typical',
      props: {
        places: [
          { view: 'wall', label: 'Wall', icon: 'wall', thumb: true },
          { view: 'system', label: 'System', icon: 'system', thumb: false },
        ],
        here: () => false,
        onhelp: nothing,
        onclose: nothing,
      },
      reads: ['Close', 'System', 'Demo yard', 'Show the keys'],
      not: [/Wall/],
    },
  ]),
  ...of(RailTools, 'rail/RailTools.svelte', [
    { when: 'typical', props: { onhelp: nothing }, reads: ['Colours follow the system', 'Show the keys'] },
  ]),
  ...of(SitePicker, 'rail/SitePicker.svelte', [
    { when: 'typical', props: { id: 'site' }, reads: ['Site', 'Demo yard'] },
    { when: 'empty', props: { id: 'site' }, answers: { sites: { ...sites(), sites: [] } }, reads: ['Loading…'] },
  ]),
  ...of(StaleStrip, 'StaleStrip.svelte', [
    { when: 'typical', props: {}, reads: [/^Reconnecting since .*\d\d:\d\d:\d\d \(0 s\)/] },
  ]),
  ...of(TimeBar, 'TimeBar.svelte', [
    { when: 'typical', props: {}, reads: ['Time', 'Previous incident', 'Now', 'Moment shown', 'Time bar shows 24 h'] },
    { when: 'the past', at: PAST, props: {}, reads: ['Moment shown'], not: [/\bNow, /] },
    { when: 'refused', props: {}, answers: { DEMO: refused(503, 'no') }, reads: ['Moment shown'] },
  ]),
  ...of(UpdateStrip, 'UpdateStrip.svelte', [
    { when: 'typical', props: { release: '1.4.0' }, reads: ['Watchpost was updated to 1.4.0', 'Load the page anew'] },
  ]),
];
