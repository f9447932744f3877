// Small pictures of the past, from sheets of an hour each, which are loaded when somebody points at that hour.

import { devicePath, picture } from '../api/api';
import { HOUR, MINUTE } from '../format/time';

/** One takes 3 MB. */
const SHEETS_KEPT = 16;
/** A picture stands for the moments so near to it. */
const NEAR_MS = 75_000;
/** A sheet that did not come is asked for again after so long. */
const AGAIN_MS = 10_000;
/** Of the hour that goes on there is a picture more every minute. */
const GROWS_MS = 60_000;
const COLUMNS = 10;
const ROWS = 6;

interface Sheet {
  state: 'loading' | 'there' | 'missing';
  /** What came last, also while it is asked for again, and where that failed. */
  image: ImageBitmap | null;
  /** Of its pictures, by their place. */
  times: number[];
  asked: number;
}
export interface SmallPicture {
  image: ImageBitmap;
  x: number;
  y: number;
  width: number;
  height: number;
  time: number;
}

class Sprites {
  /** Counts what has been loaded, so that whoever shows a picture looks again. */
  #loads = $state(0);
  #sheets = new Map<string, Sheet>();

  /** The picture nearest to a moment; null where there is none, or while its sheet is loading. */
  at(site: string, device: string, at: number): SmallPicture | null {
    void this.#loads;
    const hour = Math.floor(at / HOUR) * HOUR;
    const sheet = this.#sheet(site, device, hour);
    if (!sheet?.image) return null;
    const time = nearest(sheet.times, at);
    return time === null ? null : placed(sheet.image, Math.floor((time - hour) / MINUTE), time);
  }

  #sheet(site: string, device: string, hour: number): Sheet | null {
    const date = new Date(hour).toISOString();
    const address = `${devicePath(site, device)}/sprites/${date.slice(0, 10)}/${date.slice(11, 13)}.jpg?or_none=true`;
    const known = this.#sheets.get(address) ?? null;
    if (!known || isDue(known, hour)) {
      const now = { image: null, times: [], ...known, state: 'loading' as const, asked: Date.now() };
      this.#sheets.set(address, now);
      void this.#load(address, hour, now);
    }
    return known;
  }

  async #load(address: string, hour: number, before: Sheet): Promise<void> {
    try {
      const { image, headers } = await picture(address);
      const seconds = headers.get('x-tile-times')?.split(',') ?? [];
      before.image?.close();
      this.#keep(address, {
        state: 'there',
        image,
        times: seconds.map((one) => hour + Number(one) * 1000),
        asked: before.asked,
      });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#keep(address, { ...before, state: 'missing' });
    }
  }

  #keep(address: string, sheet: Sheet): void {
    this.#sheets.delete(address);
    this.#sheets.set(address, sheet);
    const oldest = [...this.#sheets].find(([, { state }]) => state !== 'loading')?.[0];
    if (this.#sheets.size > SHEETS_KEPT && oldest) this.#drop(oldest);
    this.#loads += 1;
  }

  #drop(address: string): void {
    const known = this.#sheets.get(address);
    this.#sheets.delete(address);
    known?.image?.close();
  }
}

function isDue({ state, asked }: Sheet, hour: number): boolean {
  const age = Math.abs(Date.now() - asked);
  return (state === 'missing' && age > AGAIN_MS) || (state === 'there' && hour + HOUR > asked && age > GROWS_MS);
}

function nearest(times: readonly number[], at: number): number | null {
  const [first, ...others] = times.filter((time) => Math.abs(time - at) <= NEAR_MS);
  if (first === undefined) return null;
  return others.reduce((best, time) => (Math.abs(time - at) < Math.abs(best - at) ? time : best), first);
}

function placed(image: ImageBitmap, number: number, time: number): SmallPicture {
  const [width, height] = [image.width / COLUMNS, image.height / ROWS];
  return { image, x: (number % COLUMNS) * width, y: Math.floor(number / COLUMNS) * height, width, height, time };
}

export const sprites = new Sprites();
