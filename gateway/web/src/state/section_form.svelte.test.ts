// @vitest-environment happy-dom
import { flushSync } from 'svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Device, Settings } from '../api/api';
import type { Resource } from '../api/resource.svelte';
import { SectionForm } from './section_form.svelte';
import { unsaved } from './unsaved.svelte';

const YARD = { site: 'DEMO', device: 'yard' } as Device;
const SENT = 'Sent; the device has not confirmed it yet';
const MEANWHILE = 'Changed by somebody else too; what you typed stays';
const CONFIRMED = 'Confirmed by the device';
const reporting = (sensitivity: number, min_area = 500): Settings =>
  ({ motion: { sensitivity, min_area } }) as unknown as Settings;

const left: (() => void)[] = [];

/** The form over what a device reports, with what is answered to saving. */
function opened(answer: () => Response | Promise<Response>) {
  const sent: unknown[] = [];
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    sent.push(JSON.parse(String(init.body)));
    return Promise.resolve(answer());
  });
  let data = $state.raw<Settings | null>(reporting(25));
  const resource = {
    get data() {
      return data;
    },
    set data(next) {
      data = next;
    },
  } as Resource<Settings>;
  let form: SectionForm<'motion'> | undefined;
  const leave = $effect.root(() => {
    form = new SectionForm(
      'motion',
      () => YARD,
      () => resource,
    );
  });
  left.push(leave);
  flushSync();
  if (!form?.wanted) throw new Error('it does not show what the device reports');
  return {
    form,
    wanted: form.wanted,
    sent,
    leave,
    shown: () => data,
    report: (sensitivity: number, min_area?: number) => {
      data = reporting(sensitivity, min_area);
      flushSync();
    },
  };
}

afterEach(() => {
  vi.unstubAllGlobals();
  for (const leave of left.splice(0)) leave();
});

describe('a section of settings', () => {
  it('is sent whole, and is saved once the device answers with it', async () => {
    const { form, wanted, sent } = opened(() => Response.json(reporting(40)));
    wanted.sensitivity = 40;
    expect(form.isSaved).toBe(false);

    await form.save();
    flushSync();

    expect(sent).toEqual([{ motion: { sensitivity: 40, min_area: 500 } }]);
    expect([form.message, form.isSaved]).toEqual([CONFIRMED, true]);
  });

  it('is confirmed by what the device reports later', async () => {
    const { form, wanted, report } = opened(() => Response.json({}, { status: 202 }));
    wanted.sensitivity = 40;
    await form.save();
    expect([form.message, form.isSaved]).toEqual([SENT, false]);

    report(40);

    expect([form.message, form.isSaved]).toEqual([CONFIRMED, true]);
  });

  it('keeps what was typed while the device reports the same as before', () => {
    const { form, wanted, report } = opened(() => Response.error());
    wanted.sensitivity = 40;

    report(25);
    expect(form.wanted?.sensitivity).toBe(40);

    wanted.sensitivity = 25;
    report(30);
    expect(form.wanted?.sensitivity).toBe(30);
  });

  it('keeps what was typed beside what somebody else has saved meanwhile, and says so', () => {
    const { form, wanted, report } = opened(() => Response.error());
    wanted.sensitivity = 40;

    report(30, 800);

    expect(form.wanted).toEqual({ sensitivity: 40, min_area: 800 });
    expect([form.message, form.wrong, form.isSaved]).toEqual([MEANWHILE, false, false]);
  });

  it('is left only when somebody agrees, as long as it is not saved', () => {
    const { wanted, leave } = opened(() => Response.error());
    expect(unsaved.any).toBe(false);

    wanted.sensitivity = 40;
    expect(unsaved.any).toBe(true);

    leave();
    expect(unsaved.any).toBe(false);
  });

  it('changes nothing of another device with an answer that comes after somebody has gone on to that', async () => {
    let resolve: (answer: Response) => void = () => undefined;
    const promise = new Promise<Response>((then) => (resolve = then));
    const { form, leave, shown, report } = opened(() => promise);
    const saving = form.save();
    leave();
    report(70);
    resolve(Response.json(reporting(40)));
    await saving;

    expect(shown()).toEqual(reporting(70));
  });

  it('says beside each field what is refused of it', async () => {
    const errors = [{ path: 'motion.sensitivity', message: 'must be at most 100' }];
    const { form } = opened(() => Response.json({ title: 'Bad Request', errors }, { status: 400 }));

    await form.save();

    expect([form.about('sensitivity'), form.about('min_area')]).toEqual(['must be at most 100', '']);
    expect([form.message, form.shortMessage, form.wrong]).toEqual(['must be at most 100', 'Not set', true]);
  });
});
