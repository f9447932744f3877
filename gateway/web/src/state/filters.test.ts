import { describe, expect, it } from 'vitest';
import { filterNames, knownFilters } from './filters';
import { parseRoute } from './route';
import { VIEWS } from './views';

const NONSENSE = [
  'zzz ZZZ',
  '-1',
  '1e400',
  '../../etc',
  'constructor',
  '__proto__',
  '☃',
  '<b>',
  'null',
  '%',
  'x'.repeat(5000),
];
/** What people type and others name may be anything that is not too long. */
const FREE = new Set(['q', 'text', 'load', 'zone']);
/** Ids, names and types are no list; the hub says of one that it does not know that there is none. */
const OPEN = new Set(['alert', 'incident', 'trial', 'mute', 'freeze', 'type']);

describe('what stands in the address', () => {
  it.each(VIEWS)('of the view %s is passed over where it is nonsense', (view) => {
    for (const name of filterNames(view))
      for (const nonsense of NONSENSE) {
        const found = knownFilters(view, [[name, nonsense]])[name];
        expect(found?.length ?? 0).toBeLessThanOrEqual(200);
        if (FREE.has(name)) expect([nonsense, undefined]).toContain(found);
        else if (OPEN.has(name)) expect(found ?? 'a').toMatch(/^[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,127}$/);
        else expect(found, `${name}=${nonsense}`).toBeUndefined();
      }
  });

  it('is passed over where no view knows it, or only another', () => {
    expect(parseRoute('/alerts', 'tab=zzz&level=loud&columns=3&utm_source=mail').filters).toEqual({});
    expect(parseRoute('/device', '__proto__=1&constructor=2&toString=3').filters).toEqual({});
  });

  it('is understood where it is right', () => {
    const of = (path: string, query: string): object => parseRoute(path, query).filters;

    expect(of('/alerts', 'tab=incidents&days=7&review=open&type=hot_spot&text=a b')).toEqual({
      tab: 'incidents',
      days: '7',
      review: 'open',
      type: 'hot_spot',
      text: 'a b',
    });
    expect(of('/wall', 'layout=list&group=zone&columns=8&q=%C3%A4')).toEqual({
      layout: 'list',
      group: 'zone',
      columns: '8',
      q: 'ä',
    });
    expect(of('/device', 'picture=fusion&span=24h&per=hour&value=mean&edit=zones')).toEqual({
      picture: 'fusion',
      span: '24h',
      per: 'hour',
      value: 'mean',
      edit: 'zones',
    });
    expect(of('/playback', 'range=2026-01-05T10:00:00Z/2026-01-05T10:01:00Z')).toHaveProperty('range');
    expect(of('/dashboard', 'date=2026-01-05')).toEqual({ date: '2026-01-05' });
  });
});
