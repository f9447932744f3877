// @vitest-environment happy-dom
// Every component by itself: what a person reads of it in the situations that it can be in.

import { cleanup, fireEvent, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import '../../../dev/browser';
import { read, show } from '../../../dev/alone';
import { alertParts } from './alerts';
import { exportParts } from './exports';
import { pictureParts } from './pictures';
import { registryParts } from './registry';
import { settingsParts } from './settings';
import { bases } from './bases';
import { dashboardParts } from './dashboard';
import { deviceParts } from './device';
import { hubParts } from './hub';
import { incidentParts } from './incidents';
import { kept } from './kept';
import { mosaicParts } from './mosaic';
import { playbackParts } from './playback';
import { editors } from './editors';
import { frameParts } from './frame';
import { thermalParts } from './thermal';
import { trialParts } from './trials';
import { wallParts } from './wall';

const CASES = [
  ...bases,
  ...settingsParts,
  ...registryParts,
  ...pictureParts,
  ...exportParts,
  ...alertParts,
  ...dashboardParts,
  ...deviceParts,
  ...editors,
  ...frameParts,
  ...hubParts,
  ...incidentParts,
  ...kept,
  ...mosaicParts,
  ...playbackParts,
  ...thermalParts,
  ...trialParts,
  ...wallParts,
];

/** As long as a machine under load may need, and asked often: most is there after a few milliseconds. */
const WAITS = { timeout: 15_000, interval: 5 };
/** What a forgotten value looks like, and words of those who build the page. */
const WRONG = /\b(undefined|NaN|null|\[object \w+\]|1 people|_hub)\b/;

beforeEach(() => {
  localStorage.clear();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe('of every component', () => {
  const files = Object.keys(import.meta.glob('../**/*.svelte')).map((file) => file.slice('../'.length));

  it('there is a case', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => !CASES.some((one) => one.of === file))).toEqual([]);
  });
});

it.each(CASES)(
  '$of, $when',
  async ({ show: component, props, at, answers, press, reads, not = [] }) => {
    const shown = show(component, props, { ...(at ? { at } : {}), ...(answers ? { answers } : {}) });
    if (press) {
      const button = await screen.findByRole<HTMLButtonElement>('button', { name: press });
      await vi.waitFor(() => expect(button.disabled).toBe(false), WAITS);
      await fireEvent.click(button);
    }

    await vi.waitFor(() => {
      const words = read(shown);
      for (const one of reads) {
        if (typeof one === 'string') expect(words, words).toContain(one);
        else expect(words, words).toMatch(one);
      }
    }, WAITS);
    for (const one of [WRONG, ...not]) expect(read(shown)).not.toMatch(one);
  },
  30_000,
);
