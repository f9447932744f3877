// The registry: devices and the agents that were enrolled.

import { OUT_OF_REACH, refused } from '../../../dev/alone';
import type { EnrolledAgent, Retired } from '../../api/api';
import AgentForm from '../registry/AgentForm.svelte';
import AgentVersions from '../registry/AgentVersions.svelte';
import DeviceForm from '../registry/DeviceForm.svelte';
import DeviceRow from '../registry/DeviceRow.svelte';
import Devices from '../registry/Devices.svelte';
import EnrolledAgents from '../registry/EnrolledAgents.svelte';
import SendsAgain from '../registry/SendsAgain.svelte';
import SiteForm from '../registry/SiteForm.svelte';
import { LONG, demo, device, of, type Case } from './case';

const nothing = (): void => undefined;
const yard = { site: 'DEMO', name: 'Demo yard', time_zone: 'Europe/Berlin' };
const gone: Retired = {
  site: 'DEMO',
  device: 'old',
  name: 'Old gate',
  retired: '2026-01-04T10:00:00.000Z',
  by: 'Mara',
  heard_again: new Date(Date.now() - 60_000).toISOString(),
};
const version = (n: number): NonNullable<EnrolledAgent['wanted']> => ({
  version: n,
  configuration: '{"sites": []}',
  devices: ['DEMO/yard'],
  by: 'Mara',
  time: gone.retired,
});
const pi: EnrolledAgent = {
  node: 'pi-1',
  state: 'enrolled',
  by: 'Mara',
  since: gone.retired,
  code_expires: null,
  devices: ['DEMO/yard'],
  wanted: version(2),
  in_force: version(1),
  forgotten: null,
  refused: { version: 2, reason: 'it did not come up within 60 s: no picture and no reading', time: gone.retired },
};

export const registryParts: Case[] = [
  ...of(DeviceForm, 'registry/DeviceForm.svelte', [
    {
      when: 'typical',
      props: { site: 'DEMO', device: device('yard'), done: nothing },
      answers: { registration: { settings: [] } },
      reads: ['Edit Yard', 'Name', 'Pictures, all the time', 'Offline after minutes of silence', 'Save'],
    },
    {
      when: 'empty',
      props: { site: 'DEMO', device: null, done: nothing },
      reads: ['Add a device', 'As it publishes: watchpost/v1/DEMO/door/event/…', '0 is never'],
    },
    {
      when: 'refused',
      props: {
        site: 'DEMO',
        device: device('yard', { silent_after_s: 90, expects: 'nothing', name: LONG }),
        done: nothing,
      },
      answers: { registration: refused(503, 'no') },
      reads: [LONG, 'Save'],
    },
    {
      when: 'the configuration says something else',
      props: { site: 'DEMO', device: device('yard'), done: nothing },
      answers: {
        registration: {
          settings: [
            {
              name: 'name',
              in_force: { value: 'Yard', by: 'Mara', time: '2026-01-05T10:00:00.000Z' },
              configured: { value: 'Court', by: 'configuration', time: '2026-01-05T09:00:00.000Z' },
            },
          ],
        },
      },
      reads: ['Name: the configuration says “Court”; changed here to “Yard” by Mara'],
    },
  ]),
  ...of(DeviceRow, 'registry/DeviceRow.svelte', [
    {
      when: 'typical',
      props: { device: device('yard') },
      reads: ['Yard', 'Pictures, all the time', 'Edit Yard', 'Retire Yard'],
    },
    { when: 'long names', props: { device: device('yard', { name: LONG }) }, reads: [`Edit ${LONG}`] },
    {
      when: 'not added yet',
      props: { device: device('yard', { registered: false }) },
      reads: ['Not added yet, but it sends'],
    },
    {
      when: 'a question first',
      props: { device: device('yard') },
      press: 'Retire Yard',
      reads: ['Watch Yard no more?', 'Cancel'],
    },
  ]),
  ...of(Devices, 'registry/Devices.svelte', [
    { when: 'typical', props: {}, reads: ['Devices', 'Yard', 'Transformer T1', 'Add a device'] },
    {
      when: 'empty',
      props: {},
      answers: { '/DEMO/devices': { ...demo(), devices: [] } },
      reads: ['No device at this site yet'],
    },
    {
      when: 'retired',
      props: {},
      answers: { '/DEMO/devices': { ...demo(), retired: [gone] } },
      reads: ['Retired', 'Old gate', 'by Mara', 'Sends again, last', 'Bring Old gate back'],
    },
    {
      when: 'out of reach',
      props: {},
      answers: { '/DEMO/devices': OUT_OF_REACH },
      reads: ['The gateway is out of reach'],
    },
  ]),
  ...of(AgentForm, 'registry/AgentForm.svelte', [
    {
      when: 'typical',
      props: { agent: null, done: nothing },
      reads: ['Name', 'What it runs', 'Passwords of cameras stay at the agent', 'Cancel', 'Add'],
    },
    {
      when: 'of an agent',
      props: { agent: pi, done: nothing },
      reads: ['What it runs', 'Send to the agent'],
      not: [/Of the machine/],
    },
  ]),
  ...of(EnrolledAgents, 'registry/EnrolledAgents.svelte', [
    {
      when: 'typical',
      props: {},
      answers: { '/enrolments': { enrols: true, agents: [pi] } },
      reads: [
        'Agents on other machines',
        'Add an agent',
        'pi-1',
        'Enrolled',
        'Runs version 1, which came up last',
        'Version 2 was not taken',
        'no picture and no reading',
        'Revoke',
      ],
    },
    {
      when: 'empty',
      props: {},
      answers: { '/enrolments': { enrols: true, agents: [] } },
      reads: ['No agent on another machine yet'],
    },
    {
      when: 'not configured',
      props: {},
      answers: { '/enrolments': { enrols: false, agents: [] } },
      reads: ['This hub enrols no agents'],
      not: [/Add an agent/],
    },
    {
      when: 'a question first',
      props: {},
      answers: { '/enrolments': { enrols: true, agents: [pi] } },
      press: 'Revoke pi-1',
      reads: ['Take the identity of pi-1 away?', 'Cancel'],
    },
    {
      when: 'out of reach',
      props: {},
      answers: { '/enrolments': OUT_OF_REACH },
      reads: ['The gateway is out of reach'],
    },
  ]),
  ...of(AgentVersions, 'registry/AgentVersions.svelte', [
    {
      when: 'typical',
      props: { agent: pi, done: nothing },
      answers: {
        '/versions': {
          versions: [
            {
              ...version(2),
              reason: 'the lens is new',
              outcome: { state: 'refused', time: gone.retired, reason: 'no picture and no reading' },
              changes: [
                { path: 'sites.DEMO.devices.yard.rates.thermal_fps', before: '4', after: '5' },
                { path: 'link.bytes_per_s', before: null, after: '50000' },
              ],
              changes_left_out: 3,
            },
            { ...version(1), reason: null, outcome: null, changes: [], changes_left_out: 0 },
          ],
          left_out: 4,
        },
      },
      reads: [
        'Version 2',
        'by Mara · not taken',
        'the lens is new',
        'no picture and no reading',
        'DEMO/yard rates.thermal_fps: 4 → 5',
        'link bytes_per_s: 50000, new',
        'and 3 more',
        'Version 1',
        'in force',
        'Bring back',
        '4 older',
      ],
    },
    {
      when: 'a reason first',
      props: { agent: pi, done: nothing },
      answers: {
        '/versions': {
          versions: [{ ...version(1), reason: null, outcome: null, changes: [], changes_left_out: 0 }],
          left_out: 0,
        },
      },
      press: 'Bring version 1 of pi-1 back',
      reads: ['Why', 'which says the same as version 1', 'Send to the agent', 'Cancel'],
    },
    {
      when: 'empty',
      props: { agent: { ...pi, wanted: null }, done: nothing },
      answers: { '/versions': { versions: [], left_out: 0 } },
      reads: ['It has no configuration yet'],
    },
    {
      when: 'out of reach',
      props: { agent: pi, done: nothing },
      answers: { '/versions': OUT_OF_REACH },
      reads: ['The gateway is out of reach'],
    },
  ]),
  ...of(SiteForm, 'registry/SiteForm.svelte', [
    {
      when: 'typical',
      props: { site: yard },
      reads: ['Site', 'Time zone', 'go by its time zone'],
      not: [/Save/, /still goes by/],
    },
    {
      when: 'a device goes by another zone',
      props: { site: yard },
      answers: {
        '/DEMO/registration': {
          settings: [],
          other_zones: [
            { device: 'yard', time_zone: 'Asia/Tokyo' },
            { device: 'gone', time_zone: null },
          ],
        },
      },
      reads: [
        'Yard still goes by Asia/Tokyo: it is away, or has refused Europe/Berlin',
        'gone still goes by the time zone of its configuration',
      ],
    },
    {
      when: 'refused',
      props: { site: { ...yard, name: LONG } },
      answers: { '/DEMO/registration': refused(503, 'no') },
      reads: ['Time zone'],
    },
  ]),
  ...of(SendsAgain, 'registry/SendsAgain.svelte', [
    { when: 'empty', props: {}, reads: [/^$/] },
    {
      when: 'typical',
      props: {},
      answers: { '/DEMO/devices': { ...demo(), retired: [gone] } },
      reads: ['Old gate is sending again although it was retired on', 'Bring Old gate back'],
    },
  ]),
];
