// What is shown of the hub: its consumers, its storage, its registry.

import { OUT_OF_REACH, WAITING, asResource, refused } from '../../../dev/alone';
import type { Agents, Consumers, EnrolledAgent, Retired, Storage, System } from '../../api/api';
import StorageTable from '../StorageTable.svelte';
import AgentForm from '../registry/AgentForm.svelte';
import DeviceForm from '../registry/DeviceForm.svelte';
import DeviceRow from '../registry/DeviceRow.svelte';
import Devices from '../registry/Devices.svelte';
import EnrolledAgents from '../registry/EnrolledAgents.svelte';
import SendsAgain from '../registry/SendsAgain.svelte';
import AgentTable from '../system/AgentTable.svelte';
import ConsumerTable from '../system/ConsumerTable.svelte';
import ProcessTable from '../system/ProcessTable.svelte';
import RebuildProgress from '../system/RebuildProgress.svelte';
import RebuildRow from '../system/RebuildRow.svelte';
import StreamTable from '../system/StreamTable.svelte';
import { LONG, asked, demo, device, of, type Case } from './case';

const nothing = (): void => undefined;
const consumers = asked<Consumers>('/consumers');
const system = asked<System>('/system');
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

export const hubParts: Case[] = [
  ...of(AgentTable, 'system/AgentTable.svelte', [
    {
      when: 'typical',
      props: { agents: asResource(asked<Agents>('/agents')) },
      reads: ['Agents', 'agent-DEMO', '28.3 %', 'CPU 31 %, memory 44 %', 'wlan0, -61 dBm, 42 ms'],
    },
    {
      when: 'empty',
      props: { agents: asResource<Agents>({ agents: [] }) },
      reads: ['No agent has reported yet'],
    },
    { when: 'waiting', props: { agents: asResource<Agents>(null) }, reads: ['Agents'] },
  ]),
  ...of(StorageTable, 'StorageTable.svelte', [
    {
      when: 'typical',
      props: { storage: asked<Storage>('/storage') },
      reads: ['Media checked', 'Storage in full', 'Video', 'Small pictures', 'Yard', /5\.\d GB/],
    },
    { when: 'empty', props: { storage: { ...asked<Storage>('/storage'), devices: [] } }, reads: ['Device', 'Total'] },
  ]),
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
  ...of(SendsAgain, 'registry/SendsAgain.svelte', [
    { when: 'empty', props: {}, reads: [/^$/] },
    {
      when: 'typical',
      props: {},
      answers: { '/DEMO/devices': { ...demo(), retired: [gone] } },
      reads: ['Old gate is sending again although it was retired on', 'Bring Old gate back'],
    },
  ]),
  ...of(ConsumerTable, 'system/ConsumerTable.svelte', [
    {
      when: 'typical',
      props: { consumers: asResource(consumers) },
      answers: { events: { events: [], next: null, head: 1 } },
      reads: [
        'Consumers',
        'Up to date',
        'Rebuild of Thermal trend',
        'https://hooks.example answered 503, next try in 32 s',
        'Catching up',
        'Stopped',
      ],
    },
    {
      when: 'empty',
      props: { consumers: asResource({ ...consumers, consumers: [] }) },
      reads: ['No consumer is registered'],
    },
    {
      when: 'waiting',
      props: { consumers: asResource<Consumers>(null) },
      answers: { events: WAITING },
      reads: ['Loading'],
    },
    {
      when: 'out of reach',
      props: { consumers: asResource<Consumers>(null, OUT_OF_REACH) },
      reads: ['The gateway is out of reach'],
    },
    {
      when: 'a question first',
      props: { consumers: asResource(consumers) },
      press: 'Rebuild Mosaics',
      reads: ['Make Mosaics again from the first event?', 'Cancel'],
    },
  ]),
  ...of(ProcessTable, 'system/ProcessTable.svelte', [
    {
      when: 'typical',
      props: {
        processes: [
          ...system.processes,
          {
            name: 'edge:DEMO',
            state: 'restarting',
            pid: null,
            cpu_percent: null,
            memory_mb: null,
            restarts: 3,
            since: gone.retired,
            last_exit: 'exit code 3 after 0.2 s: another agent has it',
          },
        ],
      },
      reads: ['Processes', 'Intake of events', '64 MB', 'Agent DEMO', 'Restarting', 'another agent has it'],
    },
    { when: 'empty', props: { processes: [] }, reads: ['nothing is supervised here'] },
  ]),
  ...of(RebuildProgress, 'system/RebuildProgress.svelte', [
    {
      when: 'typical',
      props: { name: 'Motion', progress: { done: 2500, goal: 10_000, share: 0.25 }, at: Date.now() },
      reads: ['Rebuild of Motion', '25 %', /2.500 of 10.000/],
    },
  ]),
  ...of(RebuildRow, 'system/RebuildRow.svelte', [
    {
      when: 'typical',
      props: { name: 'Motion', state: 'asked', at: Date.now() - 5000 },
      reads: ['Asked for', 'its turn'],
    },
    { when: 'done', props: { name: 'Motion', state: 'done' }, reads: [/^Motion is rebuilt$/] },
    {
      when: 'done a while ago',
      props: { name: 'Motion', state: 'done', at: Date.now() - 65_000 },
      reads: ['Motion is rebuilt', /\d min ago/],
    },
    { when: 'failed', props: { name: 'Motion', state: 'failed' }, reads: ['Rebuild failed: no reason was given'] },
  ]),
  ...of(StreamTable, 'system/StreamTable.svelte', [
    {
      when: 'typical',
      props: {
        streams: [
          ...system.streams,
          ...system.streams.slice(0, 1).map((one) => ({ ...one, epoch: `${one.epoch}.pictures`, sequence: 7 })),
          ...system.streams.slice(0, 1).map((one) => ({ ...one, epoch: null, sequence: 1 })),
        ],
        others: 12,
      },
      reads: ['Streams', `${system.streams.length + 1} streams and 12 others`, 'pictures'],
    },
    { when: 'empty', props: { streams: [], others: 0 }, reads: ['0 streams', 'nothing was published'] },
  ]),
];
