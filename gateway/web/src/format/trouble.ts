// The one table of the colours by which types of trouble are distinguished; their words are `incidentWord`.

const colours: Record<string, string> = {
  offline: 'offline',
  node_offline: 'offline',
  stale: 'connection',
  degraded: 'connection',
  blackscreen: 'black',
  freeze: 'frozen',
  corrupt_rows: 'broken',
  macroblocks: 'broken',
  audio_loss: 'silent',
  hot_spot: 'hot',
};

/** As a value of CSS; app.css has each for dark and for light. */
export const troubleColour = (type: string | null | undefined): string =>
  `var(--trouble-${(type && colours[type]) ?? 'other'})`;
