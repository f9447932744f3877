// What is shown of the hub: its consumers, its processes, its storage.

import { OUT_OF_REACH, WAITING, asResource } from '../../../dev/alone';
import type { Agents, Consumers, Retired, Storage, System } from '../../api/api';
import StorageTable from '../StorageTable.svelte';
import AgentTable from '../system/AgentTable.svelte';
import ConsumerTable from '../system/ConsumerTable.svelte';
import ProcessTable from '../system/ProcessTable.svelte';
import RebuildProgress from '../system/RebuildProgress.svelte';
import RebuildRow from '../system/RebuildRow.svelte';
import StreamTable from '../system/StreamTable.svelte';
import TileBucketCard from '../system/TileBucketCard.svelte';
import { asked, of, type Case } from './case';

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
  ...of(TileBucketCard, 'system/TileBucketCard.svelte', [
    {
      when: 'of a private bucket',
      props: {},
      answers: {
        '/tile-bucket': {
          bucket: 's3://tiles',
          page: 'https://s3.example/signed.html?X-Amz-Signature=1',
          until: '2026-01-12T04:10:00.000Z',
        },
      },
      reads: ['While the hub is away', 's3://tiles', 'Minutes without the hub', 'Keep this link'],
    },
    {
      when: 'of a public bucket',
      props: {},
      answers: { '/tile-bucket': { bucket: 's3://tiles', page: 'https://tiles.example/index.html', until: null } },
      reads: ['Minutes without the hub'],
      not: ['Keep this link'],
    },
    {
      when: 'without its page',
      props: {},
      answers: { '/tile-bucket': { bucket: 's3://tiles', page: null, until: null } },
      reads: ['Its page is not put there'],
    },
  ]),
  ...of(StorageTable, 'StorageTable.svelte', [
    {
      when: 'typical',
      props: { storage: asked<Storage>('/storage') },
      reads: ['Media checked', 'Storage in full', 'Video', 'Small pictures', 'Yard', /5\.\d GB/],
    },
    { when: 'empty', props: { storage: { ...asked<Storage>('/storage'), devices: [] } }, reads: ['Device', 'Total'] },
    {
      when: 'holds keep more than a bound',
      props: { storage: { ...asked<Storage>('/storage'), held: ['25 MB of recordings are kept above the bound'] } },
      reads: ['25 MB of recordings are kept above the bound.'],
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
