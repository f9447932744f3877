// The parts of the hub in words.

import { capital } from './words';

const WORDS: Record<string, string> = {
  broker: 'Broker',
  ingest: 'Intake of events',
  consumers: 'Views',
  gateway: 'Page and API',
  journal: 'Journal',
  archive: 'Archive',
  disk: 'Disk',
};

export const partWord = (name: string): string =>
  WORDS[name] ?? (name.startsWith('edge:') ? `Agent ${name.slice(5)}` : capital(name));
