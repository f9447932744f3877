// Whatever an event of the contract says, a list of events says it in words: no name of a machine is left in any.

import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AnyEvent } from '../api/contract';
import { EVENT_NAMES } from '../api/contract';
import { lastNews, summary, typeWord } from './event_words';
import { lossWord } from './words';

interface Schema {
  $ref?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  $defs?: Record<string, Schema>;
}

const golden = new URL('../../../../tests/contract/golden/', import.meta.url);
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, golden), 'utf8')) as T;
const types = readdirSync(golden)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length))
  .sort();
/** Of each family the newest version. */
const current = EVENT_NAMES.map((name) => types.findLast((type) => type.startsWith(`watchpost.${name}.v`)) ?? name);

function choicesOf(schema: Schema | undefined, all: Schema): unknown[] {
  if (!schema) return [];
  if (schema.$ref) return choicesOf(all.$defs?.[schema.$ref.split('/').at(-1) ?? ''], all);
  return schema.enum ?? schema.anyOf?.flatMap((one) => choicesOf(one, all)) ?? [];
}
function propertiesOf(schema: Schema | undefined, all: Schema): Record<string, Schema> {
  if (schema?.$ref) return propertiesOf(all.$defs?.[schema.$ref.split('/').at(-1) ?? ''], all);
  return schema?.properties ?? {};
}

/** The examples of an event, and the same with every value that is listed in each field, and in each entry of lists. */
function variants(type: string): AnyEvent[] {
  const schema = read<Schema>(`schemas/${type}.json`);
  const examples = read<AnyEvent[]>(`${type}.json`);
  const changed = examples.flatMap((example) =>
    Object.entries(propertiesOf(schema.properties?.['data'], schema)).flatMap(([field, of]) => {
      const whole = choicesOf(of, schema).map((value) => ({ [field]: value }));
      const inside = Object.entries(propertiesOf(of.items, schema)).flatMap(([inner, one]) =>
        choicesOf(one, schema).map((value) => {
          const list = (example.data as unknown as Record<string, object[]>)[field] ?? [];
          return { [field]: list.map((entry) => ({ ...entry, [inner]: value })) };
        }),
      );
      return [...whole, ...inside].map((data) => ({ ...example, data: { ...example.data, ...data } }) as AnyEvent);
    }),
  );
  return [...examples, ...changed];
}

/** Names, texts and ids that people or devices gave stand as they are. */
const given = (event: AnyEvent): string[] =>
  JSON.stringify(event.data).match(/"(by|text|reason|comment|device|site|assignee|name)":"[^"]*"/g) ?? [];

describe('the words of events', () => {
  it('know every family', () => {
    expect(current.filter((type) => !types.includes(type))).toEqual([]);
  });

  it.each(current)('of %s are no names of a machine', (type) => {
    expect(typeWord(type)).not.toMatch(/_/);
    for (const event of variants(type)) {
      const texts = given(event).map((one) => JSON.parse(`{${one}}`) as Record<string, string>);
      let words = summary(event);
      for (const one of texts.flatMap(Object.values)) words = words.replace(String(one), '');
      expect(words, JSON.stringify(event.data)).not.toMatch(/[a-z]_[a-z]|undefined|null|\bNaN\b|\[object/);
    }
  });

  it.each(['outbox_full', 'disk_full', 'handoff_full', 'link_too_slow', 'too_large', 'not_exported', 'of_tomorrow'])(
    'say why events are missing: %s',
    (cause) => expect(lossWord(cause)).not.toMatch(/_/),
  );
});

describe('the last event of a device', () => {
  const at = { time: '2026-01-05T10:00:00.000Z', position: 7 };

  it('is put into the words of the page', () => {
    expect(lastNews({ ...at, type: 'motion', data: { phase: 'end' } })).toEqual({ ...at, summary: 'Motion ended' });
    expect(
      lastNews({ ...at, type: 'detection', data: { people_count: 2, event_triggers: ['CROWD_VIOLATION'] } })?.summary,
    ).toBe('2 people · Crowd violation');
    expect(lastNews({ ...at, type: 'clock', data: { step_s: -2.5 } })?.summary).toBe('Clock set 2.5 s back');
    expect(lastNews({ ...at, type: 'gap', data: { count: 3, cause: 'forgotten' } })?.summary).toBe(
      '3 events missing · the agent keeps them no more',
    );
    expect(lastNews({ ...at, type: 'settings', data: {} })?.summary).toBe('Settings confirmed');
  });

  it('is shown by its name where its type is younger than the page', () => {
    expect(lastNews({ ...at, type: 'visit', data: {} })?.summary).toBe('Visit');
  });

  it('is no news where it comes by the clock', () => {
    expect(lastNews({ ...at, type: 'frame', data: { freeze: false } })).toBeNull();
    expect(lastNews(null)).toBeNull();
  });
});

it('says of heat the hottest pixel, by which it is judged, and not what a filter leaves of it', () => {
  const [event] = read<AnyEvent[]>('watchpost.thermal.v1.json');
  if (event?.type !== 'watchpost.thermal.v1') throw new Error('no example');
  const of = (peak_temp: number | null): AnyEvent => ({
    ...event,
    data: { ...event.data, frame_stats: { ...event.data.frame_stats, max_temp: 37.04 }, peak_temp },
  });

  expect(summary(of(110.2))).toBe('Hottest 110.2 °C');
  expect(summary(of(null))).toBe('Hottest 37.0 °C');
});
